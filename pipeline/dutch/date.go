package dutch

import (
	"fmt"
	"time"
)

var (
	months = [...]string{
		"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
		"november", "december",
	}
	weekdays = [...]string{"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"}
)

// Day writes a date as "31 december 2020"; the zero date is Unknown.
func Day(t time.Time) string {
	if t.IsZero() {
		return Unknown
	}
	return fmt.Sprintf("%d %s %d", t.Day(), months[t.Month()-1], t.Year())
}

// Moment writes a time as "31 december 2020, 03.00 uur", in the zone of t.
func Moment(t time.Time) string { return Day(t) + t.Format(", 15.04 uur") }

// Weekday returns the day of the week of t, in its zone.
func Weekday(t time.Time) string { return weekdays[t.Weekday()] }

// Date writes an ISO date as "31 december 2020". It returns any other text unchanged.
func Date(iso string) string { return date(iso, Day) }

// ShortDate writes an ISO date as "31-12-2020". It returns any other text unchanged.
func ShortDate(iso string) string {
	return date(iso, func(t time.Time) string { return t.Format("02-01-2006") })
}

func date(iso string, format func(time.Time) string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return format(t)
}

// Age writes a duration in its largest unit, rounded down: "3 uur", "2 dagen". Up to two days it counts
// hours.
func Age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "minder dan een minuut"
	case d < time.Hour:
		return Counted(int64(d/time.Minute), "minuut", "minuten")
	case d < 48*time.Hour:
		return Counted(int64(d/time.Hour), "uur", "uur")
	}
	return Counted(int64(d/(24*time.Hour)), "dag", "dagen")
}

// Duration writes a duration: "35,2 s" below a minute, "1 min 05 s" above.
func Duration(d time.Duration) string {
	if d < time.Minute {
		return Float(max(d.Seconds(), 0), 1) + " s"
	}
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}
