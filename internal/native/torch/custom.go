package torch

// Operator is an operator that another package registered with libtorch (TORCH_LIBRARY), or one of libtorch's own.
type Operator struct{ op *operator }

// Custom names an operator, "crosssum::attention" or "aten::mul.Tensor"; it is looked up when it is first called.
func Custom(name string) Operator { return Operator{op(name)} }

// One calls an operator with one tensor as result. Arguments in the order of its schema: nil, Tensor, int, float64, bool,
// []int, []Tensor; trailing ones take the defaults.
func (o Operator) One(args ...any) Tensor { return o.op.one(args...) }

// Truth calls an operator whose result is a truth value.
func (o Operator) Truth(args ...any) bool { return o.op.number(args...) != 0 }

// Run calls an operator for what it does to its arguments.
func (o Operator) Run(args ...any) { o.op.call(args...) }
