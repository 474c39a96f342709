package truth

import (
	"fmt"
	"time"
)

func parseDate(date string) time.Time {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic("truth: " + err.Error())
	}
	return t
}

// plus returns the date a number of days later.
func plus(date string, days int) string {
	return parseDate(date).AddDate(0, 0, days).Format(time.DateOnly)
}

// daysBetween returns the number of days from one date to another.
func daysBetween(from, to string) int {
	return int((parseDate(to).Unix() - parseDate(from).Unix()) / (24 * 60 * 60))
}

// quarter returns the quarter of a date, as 2020-Q4.
func quarter(date string) string {
	t := parseDate(date)
	return fmt.Sprintf("%04d-Q%d", t.Year(), (int(t.Month())+2)/3)
}

// quarterBegin returns the first day of the quarter of a date, quarterEnd the last.
func quarterBegin(date string) string {
	t := parseDate(date)
	return time.Date(t.Year(), (t.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

func quarterEnd(date string) string {
	return parseDate(quarterBegin(date)).AddDate(0, 3, -1).Format(time.DateOnly)
}

// between reports whether a date is in a period, including its last day. A period without a last day is
// open.
func between(first, last, date string) bool {
	return first <= date && (last == "" || last >= date)
}
