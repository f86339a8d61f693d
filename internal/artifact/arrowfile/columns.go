package arrowfile

import (
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// StringColumns finds the columns of strings that a request names.
func StringColumns(path string, names ...string) ([]int, error) {
	schema, err := Schema(path)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, name := range names {
		found := schema.FieldIndices(name)
		if len(found) != 1 || schema.Field(found[0]).Type.Name() != "utf8" {
			return nil, fault.New(schemas.InvalidInput, "%s: has no column of strings %q", path, name)
		}
		out = append(out, found[0])
	}
	return out, nil
}
