package schemas

import "fmt"

// Thresholds are the accepting threshold and that of duplicates: those of the parameters, or where these leave them open, of the encoder's
// model card. warnings are of ones that are not the encoder's own: cosines of encoders are not alike.
func (p Params) Thresholds(card EncoderCard) (threshold, duplicate float64, warnings []string, err error) {
	align, encoder := p.Align, p.Encoder.Name
	threshold, calibrated := card.Thresholds[align.Rule]
	switch {
	case align.Threshold != nil:
		warnings = foreign(warnings, encoder, "align.threshold", *align.Threshold, threshold)
		threshold = *align.Threshold
	case !calibrated:
		return 0, 0, nil, fmt.Errorf("$.align.threshold: the model card of %q has no threshold for the rule %q: give one, calibrated for this encoder "+
			"(./crosssum calibrate finds it): %s", encoder, align.Rule, Give("align.threshold", map[bool]float64{true: 0.75, false: 1.05}[Rules[align.Rule].Measure == "cosine"]))
	case Rules[align.Rule].Measure != "cosine" && card.Neighbours != 0 && card.Neighbours != align.Neighbours:
		return 0, 0, nil, fmt.Errorf("$.align.threshold: the model card of %q was calibrated with %d neighbours, and $.align.neighbours is %d: give a "+
			"threshold for that: %s", encoder, card.Neighbours, align.Neighbours, Give("align.threshold", threshold))
	}
	duplicate = card.Duplicate
	switch {
	case align.Duplicate != nil:
		warnings = foreign(warnings, encoder, "align.duplicate_threshold", *align.Duplicate, duplicate)
		duplicate = *align.Duplicate
	case duplicate == 0:
		return 0, 0, nil, fmt.Errorf("$.align.duplicate_threshold: the model card of %q has none: give one, calibrated for this encoder: %s", encoder,
			Give("align.duplicate_threshold", 0.97))
	}
	align.Threshold, align.Duplicate = &threshold, &duplicate
	if err := align.Check(); err != nil { // what was given is in range
		return 0, 0, nil, fmt.Errorf("the model card of %q: %w", encoder, err)
	}
	return threshold, duplicate, warnings, nil
}

// foreign adds a warning of a threshold that is not the card's.
func foreign(warnings []string, encoder, name string, given, card float64) []string {
	switch {
	case card == 0:
		return append(warnings, fmt.Sprintf("$.%s is %v, and the model card of %q has none to compare it with: one that was calibrated for another "+
			"encoder accepts too much or too little (./crosssum calibrate finds this one's)", name, given, encoder))
	case given != card:
		return append(warnings, fmt.Sprintf("$.%s is %v, and the one calibrated for %q is %v: a threshold of another encoder accepts too much or "+
			"too little", name, given, encoder, card))
	}
	return warnings
}
