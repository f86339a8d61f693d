package encode

import (
	"fmt"
	"math"
	"path/filepath"
	"sort"
	"strings"
)

// pooling makes one vector [hidden] of the states [tokens, hidden] of a text.
type pooling func(states, vector []float32)

// readPooling reads sentence-transformers' modules.json: Transformer, Pooling (mean or first token), Normalize. Without
// one, mean pooling is taken. Any other module or mode is an error that names it.
func readPooling(dir string) (pooling, error) {
	var modules []struct{ Path, Type string }
	path := filepath.Join(dir, "modules.json")
	ok, err := readJSON(path, &modules)
	if err != nil || !ok {
		return meanPooling, err
	}
	pool := pooling(meanPooling)
	for _, m := range modules {
		switch kind := m.Type[strings.LastIndexByte(m.Type, '.')+1:]; kind {
		case "Transformer", "Normalize":
		case "Pooling":
			if !filepath.IsLocal(m.Path) {
				return nil, fmt.Errorf("%s: path %q leaves the directory", path, m.Path)
			}
			if pool, err = readMode(filepath.Join(dir, m.Path, "config.json")); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%s: module %s is not supported", path, m.Type)
		}
	}
	return pool, nil
}

func readMode(path string) (pooling, error) {
	config := map[string]any{}
	ok, err := readJSON(path, &config)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%s: is missing, though modules.json names it", path)
	}
	var modes []string
	for name, on := range config {
		if strings.HasPrefix(name, "pooling_mode_") && on == true {
			modes = append(modes, name)
		}
	}
	sort.Strings(modes)
	switch mode := strings.Join(modes, " + "); mode {
	case "pooling_mode_mean_tokens":
		return meanPooling, nil
	case "pooling_mode_cls_token":
		return func(states, vector []float32) { copy(vector, states) }, nil
	default:
		return nil, fmt.Errorf("%s: %q is not supported; pooling_mode_mean_tokens and pooling_mode_cls_token are", path, mode)
	}
}

// meanPooling is the mean over the tokens, special ones included, added up in float64.
func meanPooling(states, vector []float32) {
	n := len(states) / len(vector)
	for j := range vector {
		sum := 0.0
		for i := range n {
			sum += float64(states[i*len(vector)+j])
		}
		vector[j] = float32(sum / float64(n))
	}
}

// unit divides v by its length, computed in float64; false if v is zero or not finite.
func unit(v []float32) bool {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return false
	}
	length := math.Sqrt(sum)
	for i := range v {
		v[i] = float32(float64(v[i]) / length)
	}
	return true
}
