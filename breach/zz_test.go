package breach_test

import (
	"fmt"
	"github.com/baakit/baakit/breach"
	"testing"
	"unsafe"
)

func TestSz(t *testing.T) {
	tl, err := breach.NewTimeline(everywhere(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, o := range tl.Obligations {
		n += len(o.Explanation)
		fmt.Println(o.Due, o.ID, o.Standing, o.Promptness, o.Confidence, o.Explanation, o.Questions)
	}
	fmt.Println(n/len(tl.Obligations), unsafe.Sizeof(tl.Obligations[0]))
}
