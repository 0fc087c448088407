package risk_test

import (
	"context"
	"fmt"

	"github.com/baakit/baakit/deid/risk"
)

func Example() {
	opts := risk.Config{
		Quasi:     []risk.Column{{Name: "birth_year", Index: 0}, {Name: "sex", Index: 1}},
		Sensitive: []risk.Column{{Name: "diagnosis", Index: 2}},
	}
	result, err := risk.Analyze(context.Background(), opts, rows(table))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("k = %d, %d of %d records are unique\n", result.K, result.UniqueRecords, result.Records)
	fmt.Printf("highest risk %.2f, average %.2f\n", result.Prosecutor.Highest, result.Prosecutor.Average)
	// Output:
	// k = 1, 1 of 6 records are unique
	// highest risk 1.00, average 0.50
}
