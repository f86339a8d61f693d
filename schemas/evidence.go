package schemas

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// EvidenceRule is the accepting rule that weighs all that speaks for a pair: its threshold is a wanted precision.
const EvidenceRule = "evidence"

// EvidenceFeatures are what the rule weighs, by name: each is a number that internal/mining/link has of a pair.
var EvidenceFeatures = []string{"margin", "tokens", "token_margin", "agreement"}

// EvidenceModel turns what speaks for a pair into a probability: that of a logistic regression. ./crosssum calibrate fits it to known pairs.
type EvidenceModel struct {
	Bias    float64            `json:"bias" yaml:"bias"`
	Weights map[string]float64 `json:"weights" yaml:"weights"` // by feature; one that is not there weighs nothing
	Cuts    []Cut              `json:"cuts" yaml:"cuts"`       // by rising precision
}

// Cut is the smallest probability at which the accepted pairs had a precision.
type Cut struct {
	Precision   float64 `json:"precision" yaml:"precision"`
	Probability float64 `json:"probability" yaml:"probability"`
}

// Check is of what a model card says. Names of weights are looked at in their order.
//
//workflowcheck:ignore
func (m EvidenceModel) Check() error {
	c := &checks{}
	number := func(name string, x float64) {
		c.check(!math.IsNaN(x) && math.Abs(x) <= 1e6, "evidence."+name, "%v is not in -1000000..1000000", x)
	}
	number("bias", m.Bias)
	for _, name := range slices.Sorted(maps.Keys(m.Weights)) {
		c.check(slices.Contains(EvidenceFeatures, name), "evidence.weights", "%.40q is not one of %s", name, strings.Join(EvidenceFeatures, ", "))
		number("weights."+name, m.Weights[name])
	}
	c.check(len(m.Weights) > 0, "evidence.weights", "are missing")
	c.check(len(m.Cuts) > 0, "evidence.cuts", "are missing")
	for i, cut := range m.Cuts {
		path := fmt.Sprintf("evidence.cuts[%d]", i)
		c.real(path+".precision", cut.Precision, 0, 1)
		c.real(path+".probability", cut.Probability, 0, 1)
		c.check(i == 0 || cut.Precision > m.Cuts[i-1].Precision && cut.Probability >= m.Cuts[i-1].Probability, path, "stands behind a larger one")
	}
	return c.err
}

// Cut is the probability from which pairs are accepted, so that of those accepted the wanted share is right. Between two cuts it
// lies on the line between them; a precision that no calibration reached is an error.
func (m EvidenceModel) Cut(precision float64) (float64, error) {
	if len(m.Cuts) == 0 || precision > m.Cuts[len(m.Cuts)-1].Precision {
		most := 0.0
		for _, cut := range m.Cuts {
			most = cut.Precision
		}
		return 0, fmt.Errorf("precision %v was not reached when the rule was calibrated, %v was", precision, most)
	}
	i, _ := slices.BinarySearchFunc(m.Cuts, precision, func(c Cut, p float64) int {
		if c.Precision < p {
			return -1
		}
		return 1
	})
	if i == 0 {
		return m.Cuts[0].Probability, nil
	}
	a, b := m.Cuts[i-1], m.Cuts[i]
	return a.Probability + (b.Probability-a.Probability)*(precision-a.Precision)/(b.Precision-a.Precision), nil
}
