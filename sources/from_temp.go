package sources
const peildatumMark = "{peildatum}"
func extension(address string) string { return ".csv" }
