package schedules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The holidays of three years as the government publishes them, with the years in which the king's
// birthday falls on a Sunday and Easter is early and late.
func TestHoliday(t *testing.T) {
	for year, want := range map[int]string{
		2024: "01-01 Nieuwjaarsdag, 03-29 Goede Vrijdag, 03-31 Eerste Paasdag, 04-01 Tweede Paasdag, 04-27 Koningsdag, 05-05 Bevrijdingsdag, 05-09 Hemelvaartsdag, 05-19 Eerste Pinksterdag, 05-20 Tweede Pinksterdag, 12-25 Eerste Kerstdag, 12-26 Tweede Kerstdag",
		2025: "01-01 Nieuwjaarsdag, 04-18 Goede Vrijdag, 04-20 Eerste Paasdag, 04-21 Tweede Paasdag, 04-26 Koningsdag, 05-05 Bevrijdingsdag, 05-29 Hemelvaartsdag, 06-08 Eerste Pinksterdag, 06-09 Tweede Pinksterdag, 12-25 Eerste Kerstdag, 12-26 Tweede Kerstdag",
		2030: "01-01 Nieuwjaarsdag, 04-19 Goede Vrijdag, 04-21 Eerste Paasdag, 04-22 Tweede Paasdag, 04-27 Koningsdag, 05-05 Bevrijdingsdag, 05-30 Hemelvaartsdag, 06-09 Eerste Pinksterdag, 06-10 Tweede Pinksterdag, 12-25 Eerste Kerstdag, 12-26 Tweede Kerstdag",
	} {
		var got []string
		for day := time.Date(year, 1, 1, 13, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
			if name := Holiday(day); name != "" {
				got = append(got, day.Format("01-02 ")+name)
			}
		}
		if diff := cmp.Diff(strings.Split(want, ", "), got); diff != "" {
			t.Errorf("%d: %s", year, diff)
		}
	}
}

func TestWindowsOnWorkingDays(t *testing.T) {
	for _, c := range []struct{ days, from, to, want string }{
		// Pentecost Monday and the weekend before it.
		{"working", "2024-05-17", "2024-05-23", "2024-05-17 2024-05-21 2024-05-22"},
		// 1 January, and a first of the month in a weekend: 1 June 2024 is a Saturday.
		{"first_working_of_month", "2024-01-01", "2024-07-05", "2024-01-02 2024-02-01 2024-03-01 2024-04-02 2024-05-01 2024-06-03 2024-07-01"},
	} {
		s, faults := ParseSchedule("x.yaml", []byte("cron: 30 2 * * *\ntimezone: Europe/Amsterdam\ndays: "+c.days))
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range s.Windows(moment(t, c.from+"T00:00:00Z"), moment(t, c.to+"T00:00:00Z")) {
			got = append(got, w.In(s.Zone).Format(time.DateOnly))
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", c.days, diff)
		}
	}
}
