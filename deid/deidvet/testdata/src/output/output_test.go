package output

import "fmt"

func inTest(p Patient) { fmt.Println(p.Name) }
