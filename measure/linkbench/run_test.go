package linkbench

import (
	"os"
	"strconv"
	"testing"
	"time"
)

func TestFamilies(t *testing.T) {
	n := 5000
	if s := os.Getenv("LINKBENCH_N"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	o := Options{N: n, Seeds: []int64{21}, Baselines: true, Clock: time.Now}
	if f := os.Getenv("LINKBENCH_FAMILY"); f != "" {
		o.Families = []Family{Family(f)}
	}
	if _, err := Run(o, os.Stdout); err != nil {
		t.Fatal(err)
	}
}
