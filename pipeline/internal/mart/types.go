package mart

import (
	"fmt"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// typeName returns the DuckDB type of a column, or "parquet …" for a type that no mart may have.
func typeName(c *schema.Column) string {
	physical := c.PhysicalType()
	switch l := c.LogicalType().(type) {
	case schema.StringLogicalType:
		return "VARCHAR"
	case *schema.DecimalLogicalType:
		if physical != parquet.Types.ByteArray {
			return fmt.Sprintf("DECIMAL(%d,%d)", l.Precision(), l.Scale())
		}
	case schema.DateLogicalType:
		return "DATE"
	case *schema.TimestampLogicalType:
		if l.TimeUnit() == schema.TimeUnitMicros && !l.IsAdjustedToUTC() {
			return "TIMESTAMP"
		}
	case *schema.IntLogicalType:
		switch {
		case l.IsSigned() && l.BitWidth() == 32:
			return "INTEGER"
		case l.IsSigned() && l.BitWidth() == 64:
			return "BIGINT"
		}
	case schema.NoLogicalType:
		switch physical {
		case parquet.Types.Boolean:
			return "BOOLEAN"
		case parquet.Types.Int32:
			return "INTEGER"
		case parquet.Types.Int64:
			return "BIGINT"
		}
	}
	return fmt.Sprintf("parquet %s %s", physical, c.LogicalType())
}
