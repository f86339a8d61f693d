package arrowfile

import (
	"fmt"
	"reflect"

	"crosssum/schemas"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// A row is a struct: its fields are the columns of a file, in their order, each with the column's name as its tag. A field is a
// string, bool, int32, int64, float32, float64, []string, []int32, []float32 (of the file's width) or, where null is a value, a
// pointer to float32 or bool.

// columns are the names and the addresses of a row's fields: found once a file, so that a row costs no reflection.
func columns(row any) (names []string, fields []any) {
	v := reflect.ValueOf(row).Elem()
	for _, f := range reflect.VisibleFields(v.Type()) { // those of an embedded struct in its place
		if name, ok := f.Tag.Lookup("arrow"); ok {
			names, fields = append(names, name), append(fields, v.FieldByIndex(f.Index).Addr().Interface())
		}
	}
	return names, fields
}

// SchemaOf is the schema of files of T. width is that of vectors, if it has any.
func SchemaOf[T any](width int, metadata *arrow.Metadata) *arrow.Schema {
	names, fields := columns(new(T))
	list := make([]arrow.Field, len(names))
	for i, name := range names {
		list[i] = arrow.Field{Name: name, Type: typeOf(fields[i], width)}
		list[i].Nullable = reflect.TypeOf(fields[i]).Elem().Kind() == reflect.Pointer
	}
	return arrow.NewSchema(list, metadata)
}

func typeOf(field any, width int) arrow.DataType {
	switch field.(type) {
	case *string:
		return arrow.BinaryTypes.String
	case *bool, **bool:
		return arrow.FixedWidthTypes.Boolean
	case *int32:
		return arrow.PrimitiveTypes.Int32
	case *int64:
		return arrow.PrimitiveTypes.Int64
	case *float32, **float32:
		return arrow.PrimitiveTypes.Float32
	case *float64:
		return arrow.PrimitiveTypes.Float64
	case *[]string:
		return arrow.ListOf(arrow.BinaryTypes.String)
	case *[]int32:
		return arrow.ListOfNonNullable(arrow.PrimitiveTypes.Int32)
	case *[]float32:
		return arrow.FixedSizeListOfNonNullable(int32(width), arrow.PrimitiveTypes.Float32)
	}
	panic(fmt.Sprintf("arrowfile: a row with a field of type %T", field)) // a programming error
}

// Batch is a record batch of a file of T.
type Batch[T any] struct {
	Rows    int
	row     *T
	fields  []any
	columns []arrow.Array
}

// At is row i. It is valid until the next, and shares the batch's memory: Clone what is kept of it, lists too.
func (b *Batch[T]) At(i int) *T {
	for k, column := range b.columns {
		switch to := b.fields[k].(type) {
		case *string:
			*to = column.(*array.String).Value(i)
		case *bool:
			*to = column.(*array.Boolean).Value(i)
		case **bool:
			if *to = nil; column.IsValid(i) {
				value := column.(*array.Boolean).Value(i)
				*to = &value
			}
		case **float32:
			if *to = nil; column.IsValid(i) {
				value := column.(*array.Float32).Value(i)
				*to = &value
			}
		case *int32:
			*to = column.(*array.Int32).Value(i)
		case *int64:
			*to = column.(*array.Int64).Value(i)
		case *float32:
			*to = column.(*array.Float32).Value(i)
		case *float64:
			*to = column.(*array.Float64).Value(i)
		case *[]string:
			list := column.(*array.List)
			values := list.ListValues().(*array.String)
			*to = (*to)[:0]
			for j, end := list.ValueOffsets(i); j < end; j++ {
				*to = append(*to, values.Value(int(j)))
			}
		case *[]int32:
			list := column.(*array.List)
			from, end := list.ValueOffsets(i)
			*to = list.ListValues().(*array.Int32).Int32Values()[from:end:end]
		case *[]float32:
			list := column.(*array.FixedSizeList)
			from, end := list.ValueOffsets(i)
			*to = list.ListValues().(*array.Float32).Float32Values()[from:end:end]
		}
	}
	return b.row
}

// Builder collects rows into record batches.
type Builder[T any] struct {
	*array.RecordBuilder
	row    T
	fields []any
}

// NewBuilder makes a builder for a schema that SchemaOf gave.
func NewBuilder[T any](schema *arrow.Schema) *Builder[T] {
	b := &Builder[T]{RecordBuilder: array.NewRecordBuilder(memory.DefaultAllocator, schema)}
	_, b.fields = columns(&b.row)
	return b
}

// Add appends a row and tells its size in bytes, roughly.
func (b *Builder[T]) Add(row T) (bytes int, err error) {
	b.row = row
	defer func() { b.row = *new(T) }() // which may be of a batch that was read
	for i, field := range b.fields {
		switch v := field.(type) {
		case *string:
			b.Field(i).(*array.StringBuilder).Append(*v)
			bytes += len(*v) + 4
		case *bool:
			b.Field(i).(*array.BooleanBuilder).Append(*v)
			bytes++
		case *int32:
			b.Field(i).(*array.Int32Builder).Append(*v)
			bytes += 4
		case *int64:
			b.Field(i).(*array.Int64Builder).Append(*v)
			bytes += 8
		case *float32:
			b.Field(i).(*array.Float32Builder).Append(*v)
			bytes += 4
		case *float64:
			b.Field(i).(*array.Float64Builder).Append(*v)
			bytes += 8
		case **float32:
			if b := b.Field(i).(*array.Float32Builder); *v == nil {
				b.AppendNull()
			} else {
				b.Append(**v)
			}
			bytes += 4
		case **bool:
			if b := b.Field(i).(*array.BooleanBuilder); *v == nil {
				b.AppendNull()
			} else {
				b.Append(**v)
			}
			bytes++
		case *[]string:
			list := b.Field(i).(*array.ListBuilder)
			list.Append(true)
			for _, s := range *v {
				list.ValueBuilder().(*array.StringBuilder).Append(s)
				bytes += len(s) + 4
			}
		case *[]int32:
			list := b.Field(i).(*array.ListBuilder)
			list.Append(true)
			list.ValueBuilder().(*array.Int32Builder).AppendValues(*v, nil)
			bytes += 4 * (len(*v) + 1)
		case *[]float32:
			list := b.Field(i).(*array.FixedSizeListBuilder)
			if n := list.Type().(*arrow.FixedSizeListType).Len(); len(*v) != int(n) {
				return 0, fmt.Errorf("arrowfile: vector of %d values for a field of %d", len(*v), n)
			}
			list.Append(true)
			list.ValueBuilder().(*array.Float32Builder).AppendValues(*v, nil)
			bytes += 4 * len(*v)
		}
	}
	return bytes, nil
}

// compressed tells whether files of T are written with zstd.
func compressed[T any]() bool {
	_, marked := reflect.TypeFor[T]().FieldByName(reflect.TypeFor[schemas.Uncompressed]().Name())
	return !marked
}
