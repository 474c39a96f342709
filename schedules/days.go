package schedules

import "time"

// Days limits the dates on which a schedule is due.
type Days string

// The values of Days.
const (
	DaysAll Days = "all"
	// DaysWorking is Monday to Friday, except the public holidays of the Algemene termijnenwet.
	DaysWorking Days = "working"
	// DaysFirstWorking is the first working day of each month.
	DaysFirstWorking Days = "first_working_of_month"
)

// includes reports whether a schedule may be due on a date.
func (d Days) includes(date time.Time) bool {
	switch d {
	case DaysWorking:
		return WorkingDay(date)
	case DaysFirstWorking:
		first := time.Date(date.Year(), date.Month(), 1, 0, 0, 0, 0, time.UTC)
		for !WorkingDay(first) {
			first = first.AddDate(0, 0, 1)
		}
		return date.Day() == first.Day()
	case DaysAll:
	}
	return true
}

// WorkingDay reports whether a date is a working day in the Netherlands: Monday to Friday, and no public
// holiday. It ignores the time of day and the zone.
func WorkingDay(date time.Time) bool {
	weekday := date.Weekday()
	return weekday != time.Saturday && weekday != time.Sunday && Holiday(date) == ""
}

// Holiday returns the Dutch name of the public holiday on a date, or "". Holidays are the days of article
// 3 of the Algemene termijnenwet, including Good Friday and Liberation Day of every year, and the Sundays
// of Easter and Pentecost.
func Holiday(date time.Time) string {
	year, month, day := date.Date()
	switch {
	case month == time.January && day == 1:
		return "Nieuwjaarsdag"
	case month == time.April && day == kingsDay(year):
		return "Koningsdag"
	case month == time.May && day == 5:
		return "Bevrijdingsdag"
	case month == time.December && day == 25:
		return "Eerste Kerstdag"
	case month == time.December && day == 26:
		return "Tweede Kerstdag"
	}
	date = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	switch int(date.Sub(easter(year)) / (24 * time.Hour)) {
	case -2:
		return "Goede Vrijdag"
	case 0:
		return "Eerste Paasdag"
	case 1:
		return "Tweede Paasdag"
	case 39:
		return "Hemelvaartsdag"
	case 49:
		return "Eerste Pinksterdag"
	case 50:
		return "Tweede Pinksterdag"
	}
	return ""
}

// kingsDay returns the day in April of King's Day: the 27th, or the 26th if that is a Sunday.
func kingsDay(year int) int {
	if time.Date(year, time.April, 27, 0, 0, 0, 0, time.UTC).Weekday() == time.Sunday {
		return 26
	}
	return 27
}

// easter returns Easter Sunday by the Gregorian calendar (the method of Meeus, Jones and Butcher).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}
