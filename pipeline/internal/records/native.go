package records

import (
	"bytes"
	"slices"
	"strconv"
	"time"
)

// fieldKind says how to interpret the text of a field.
type fieldKind uint8

const (
	plainText  fieldKind = iota
	serial1900           // a number in a cell; as a date, a number of days since 1900
	serial1904           // the same, since 1904
	noValue              // an error, a list or an object
)

// fields builds a record whose fields need no quoting.
type fields struct {
	text  []byte
	cuts  []cut
	kinds []fieldKind
}

// unitSeparator is written between fields. Only cuts tell them apart.
const unitSeparator = 0x1F

func (f *fields) reset() { f.text, f.cuts, f.kinds = f.text[:0], f.cuts[:0], f.kinds[:0] }

// end ends the field whose text was appended.
func (f *fields) end(k fieldKind) {
	f.cuts = append(f.cuts, cut(len(f.text)))
	f.kinds = append(f.kinds, k)
	f.text = append(f.text, unitSeparator)
}

// record returns the record that was built, without its empty last fields if trimmed is set. It is valid
// until the next reset.
func (f *fields) record(regel int64, trimmed bool) record {
	rec, n := record{regel: regel, text: f.text, cuts: f.cuts}, len(f.cuts)
	for trimmed && n > 0 && f.kinds[n-1] != noValue && len(trim(rec.field(n-1))) == 0 {
		n--
	}
	rec.text, rec.cuts, rec.kinds = nil, f.cuts[:n], f.kinds[:n]
	if n > 0 {
		rec.text = f.text[:f.cuts[n-1]]
	}
	if len(rec.text) > MaxRecord {
		rec.text, rec.cuts, rec.kinds, rec.fault = rec.text[:overlongHead], nil, nil, TooLong
	}
	return rec
}

// maxDigits is the precision of a number in a workbook. Further digits are rounding noise.
const maxDigits = 15

// maxExponent is the largest exponent of a number that is written out in full.
const maxExponent = 400

// appendNumber appends a number in the notation of deliveries: digits and a decimal comma, without
// exponent, thousands separators or trailing zeros. It loses no digit, unless round asks for maxDigits
// in a fraction. Text that is not a number is appended unchanged.
func appendNumber(dst, raw []byte, round bool) []byte {
	digits, point, negative, ok := decimal(raw)
	if !ok {
		return append(dst, raw...)
	}
	if round && len(digits) > maxDigits && (point < len(digits) || bytes.ContainsAny(raw, ".eE")) {
		digits, point = rounded(digits, point)
	}
	if len(digits) == 0 {
		return append(dst, '0')
	}
	if negative {
		dst = append(dst, '-')
	}
	if point <= 0 {
		dst = append(dst, '0', ',')
		dst = append(dst, bytes.Repeat([]byte{'0'}, -point)...)
		return append(dst, digits...)
	}
	if point >= len(digits) {
		dst = append(dst, digits...)
		return append(dst, bytes.Repeat([]byte{'0'}, point-len(digits))...)
	}
	dst = append(dst, digits[:point]...)
	dst = append(dst, ',')
	return append(dst, digits[point:]...)
}

// decimal parses a number with a decimal point and perhaps an exponent as 0.digits × 10^point. Digits
// neither begin nor end with 0; the number zero has none.
func decimal(raw []byte) (digits []byte, point int, negative, ok bool) {
	if len(raw) > 0 && (raw[0] == '-' || raw[0] == '+') {
		negative = raw[0] == '-'
		raw = raw[1:]
	}
	mantissa, exponent := raw, 0
	if at := bytes.IndexAny(raw, "eE"); at >= 0 {
		n, err := strconv.Atoi(string(raw[at+1:]))
		if err != nil || n > maxExponent || n < -maxExponent {
			return nil, 0, false, false
		}
		mantissa, exponent = raw[:at], n
	}
	integer, fraction, _ := bytes.Cut(mantissa, []byte{'.'})
	digits = append(append(make([]byte, 0, len(mantissa)), integer...), fraction...)
	if len(digits) == 0 || slices.ContainsFunc(digits, func(c byte) bool { return !digit(c) }) {
		return nil, 0, false, false
	}
	point = len(integer) + exponent
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
		point--
	}
	digits = bytes.TrimRight(digits, "0")
	return digits, point, negative, true
}

// rounded rounds to maxDigits digits, half up.
func rounded(digits []byte, point int) ([]byte, int) {
	up := digits[maxDigits] >= '5'
	digits = digits[:maxDigits]
	for i := len(digits) - 1; up && i >= 0; i-- {
		if digits[i] != '9' {
			digits[i]++
			up = false
		} else {
			digits[i] = '0'
		}
	}
	if up {
		digits = append([]byte{'1'}, digits...)
		point++
	}
	return bytes.TrimRight(digits, "0"), point
}

// lastSerialYear is the last year for which a number of days is read as a date. The last day of 9999,
// which means no end, is the exception. A larger number is a date without dashes, or not a date.
const lastSerialYear = 2199

// appendDay appends the date of a number of days in a cell, with its time of day unless that is
// midnight. A number outside the range of dates is appended unchanged.
func appendDay(dst, number []byte, k fieldKind) []byte {
	integer, fraction, _ := bytes.Cut(number, []byte{','})
	days, err := strconv.Atoi(string(integer))
	if err != nil || days < 1 || days > 3_000_000 {
		return append(dst, number...)
	}
	if k == serial1900 && days == 60 {
		return append(dst, "1900-02-29"...) // workbooks treat 1900 as a leap year
	}
	day := time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case k == serial1904:
		day = time.Date(1904, time.January, 1, 0, 0, 0, 0, time.UTC)
	case days < 60:
		day = day.AddDate(0, 0, 1)
	}
	day = day.AddDate(0, 0, days)
	if year := day.Year(); year > lastSerialYear && (year != 9999 || day.YearDay() != 365) {
		return append(dst, number...)
	}
	part, err := strconv.ParseFloat("0."+string(fraction)+"0", 64)
	if err != nil {
		return append(dst, number...)
	}
	return appendMoment(dst, day.Add(time.Duration(part*24*3600+0.5)*time.Second))
}

// appendMoment appends a date, with its time of day unless that is midnight.
func appendMoment(dst []byte, t time.Time) []byte {
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.AppendFormat(dst, time.DateOnly)
	}
	return t.AppendFormat(dst, "2006-01-02 15:04:05.999999999")
}
