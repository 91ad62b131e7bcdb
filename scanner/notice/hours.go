package notice

import (
	"fmt"
	"time"

	// The zones are in the program, since its image has no files of them.
	_ "time/tzdata"
)

// Day is a day of the week, as in a file.
type Day string

// The days.
const (
	Mon Day = "mon"
	Tue Day = "tue"
	Wed Day = "wed"
	Thu Day = "thu"
	Fri Day = "fri"
	Sat Day = "sat"
	Sun Day = "sun"
)

// days are in the order of time.Weekday.
func days() []Day { return []Day{Sun, Mon, Tue, Wed, Thu, Fri, Sat} }

// UnmarshalText reads a day of a file.
func (d *Day) UnmarshalText(text []byte) error { return oneOf(d, string(text), days()...) }

// Clock is a time of the day, in minutes since midnight by the clock on the
// wall.
type Clock int

// endOfDay is 24:00.
const endOfDay Clock = 24 * 60

func clock(hour, minute int) Clock { return Clock(hour*60 + minute) }

// String writes it as a file does.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText writes it so that it can be read again.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a time such as 08:30.
func (c *Clock) UnmarshalText(text []byte) error {
	s := string(text)
	digit := func(i int) int { return int(s[i] - '0') }
	if len(s) != 5 || s[2] != ':' {
		return fmt.Errorf("%s must be a time of the day, such as 08:30", quoted(s))
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return fmt.Errorf("%s must be a time of the day, such as 08:30", quoted(s))
		}
	}
	at := clock(10*digit(0)+digit(1), 10*digit(3)+digit(4))
	if at > endOfDay || digit(3) > 5 {
		return fmt.Errorf("%s is no time of the day; they go from 00:00 to 24:00", quoted(s))
	}
	*c = at
	return nil
}

// openHours are hours that can be asked.
type openHours struct {
	days     [7]bool
	from, to Clock
	zone     *time.Location
	all      bool
}

// hoursOf makes them; without days they are always.
func hoursOf(h Hours) (openHours, error) {
	zone, err := time.LoadLocation(h.Zone)
	if err != nil || h.Zone == "Local" {
		return openHours{}, fmt.Errorf("%s is no time zone, such as Europe/Berlin", quoted(h.Zone))
	}
	o := openHours{from: h.From, to: h.To, zone: zone, all: len(h.Days) == 0}
	if o.to == 0 {
		o.to = endOfDay
	}
	for i, day := range days() {
		for _, d := range h.Days {
			o.days[i] = o.days[i] || d == day
		}
	}
	return o, nil
}

// open says whether a time lies in them, by the clock on the wall in that zone:
// a day on which clocks change has its hours where that clock has them.
func (o openHours) open(t time.Time) bool {
	if o.all {
		return true
	}
	t = t.In(o.zone)
	at := clock(t.Hour(), t.Minute())
	return o.days[t.Weekday()] && at >= o.from && at < o.to
}
