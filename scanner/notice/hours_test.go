package notice

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	for s, want := range map[string]Clock{"00:00": 0, "08:30": 510, "24:00": 1440, "23:59": 1439} {
		var c Clock
		if err := c.UnmarshalText([]byte(s)); err != nil || c != want || c.String() != s {
			t.Errorf("%s: %d, %v", s, c, err)
		}
	}
	for _, s := range []string{"", "8:30", "08:60", "24:01", "25:00", "08.30", "0830", "-1:00", "08:30:00", "aa:bb", "0８:30"} {
		if err := new(Clock).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}

// TestHours: by the clock on the wall, in the zone, on days on which it changes,
// too.
func TestHours(t *testing.T) {
	week := []Day{Mon, Tue, Wed, Thu, Fri}
	berlin := Hours{Days: week, From: clock(8, 0), To: clock(17, 0), Zone: "Europe/Berlin"}
	sunday := Hours{Days: []Day{Sun}, From: clock(2, 30), To: clock(4, 0), Zone: "Europe/Berlin"}
	pacific := Hours{Days: week, From: clock(8, 0), To: clock(17, 0), Zone: "America/Vancouver"}
	for _, test := range []struct {
		hours Hours
		utc   string
		want  bool
	}{
		{Hours{}, "2026-01-03T03:00:00Z", true},
		{berlin, "2026-01-02T06:59:59Z", false}, // winter: 07:59
		{berlin, "2026-01-02T07:00:00Z", true},
		{berlin, "2026-01-02T15:59:59Z", true},
		{berlin, "2026-01-02T16:00:00Z", false},
		{berlin, "2026-07-03T05:59:59Z", false}, // summer
		{berlin, "2026-07-03T06:00:00Z", true},
		{berlin, "2026-07-03T15:00:00Z", false},
		{berlin, "2026-01-03T10:00:00Z", false}, // Saturday
		{berlin, "2026-01-04T23:30:00Z", false}, // Monday there, at night
		{sunday, "2026-03-29T00:59:00Z", false}, // 01:59, then the clock goes to 03:00
		{sunday, "2026-03-29T01:00:00Z", true},
		{sunday, "2026-03-29T02:00:00Z", false}, // 04:00
		{sunday, "2026-10-25T00:30:00Z", true},  // 02:30, for the first time
		{sunday, "2026-10-25T01:10:00Z", false}, // 02:10 again
		{sunday, "2026-10-25T01:30:00Z", true},  // 02:30 again
		{sunday, "2026-10-25T03:00:00Z", false},
		{pacific, "2026-01-03T00:30:00Z", true}, // still Friday there
		{pacific, "2026-01-05T10:00:00Z", false},
		{Hours{Days: []Day{Fri}}, "2026-01-02T23:59:59Z", true}, // the whole day
	} {
		o, err := hoursOf(test.hours)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, test.utc)
		if err != nil {
			t.Fatal(err)
		}
		if o.open(at) != test.want {
			t.Errorf("%+v at %s: %v", test.hours, test.utc, !test.want)
		}
	}
	for _, zone := range []string{"Mars/Olympus", "Local", "../../etc/passwd", "+02:00"} {
		if _, err := hoursOf(Hours{Zone: zone}); err == nil {
			t.Errorf("%s is taken for a zone", zone)
		}
	}
}
