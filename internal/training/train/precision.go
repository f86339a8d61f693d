package train

import (
	"crosssum/internal/native/device"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// half tells whether linear layers and head multiply in bf16 (weights, gradients, optimizer and all else are fp32 anyway): where it was
// asked for, or by "auto" on a GPU, and where numerics are native and the processor has the instruction. bf16's sums depend on the
// processor, so portable numerics have none.
func half(p schemas.TrainParams, d torch.Device) (bool, error) {
	switch p.Precision {
	case "bf16":
		if device.Told().Numerics != "native" {
			return false, invalid("precision \"bf16\" needs numerics \"native\" (./crosssum train --numerics native): portable numerics have the same bytes on every processor")
		}
		return true, nil
	case "auto":
		return device.BF16(d), nil
	}
	return false, nil
}
