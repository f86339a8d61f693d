package t5

import (
	"math"

	"crosssum/internal/model/random"
	"crosssum/internal/native/torch"
)

// New makes a model with Hugging Face's T5 initialization: normal weights of the deviations in shapes, norms of one. The
// values are a pure function of the seed.
func New(config *Config, seed uint64) (*Model, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	m := &Model{Config: config, Weights: Parameters{}}
	for i, s := range config.shapes() {
		values := make([]float32, s.size())
		stream := random.New(seed, random.Initialize, uint32(i), 0)
		for k := range values {
			values[k] = 1
			if s.std > 0 {
				values[k] = float32(s.std * normal(stream))
			}
		}
		m.Weights.put(s, values)
	}
	return m, nil
}

// Random is New with numbers of libtorch's own generator: some seconds for half a billion, and not the same ones on every machine. For
// measurements.
func Random(config *Config) (*Model, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	m := &Model{Config: config, Weights: Parameters{}}
	return m, torch.Do(func() {
		for _, s := range config.shapes() {
			t := torch.Full(1, torch.Float32, s.dims...).Keep()
			if s.std > 0 {
				t.Normal_(s.std)
			}
			m.Weights[s.name] = t
		}
	})
}

// normal is a draw from N(0, 1) (Box and Muller).
func normal(s *random.Stream) float64 {
	return math.Sqrt(-2*math.Log(1-s.Float64())) * math.Cos(2*math.Pi*s.Float64())
}
