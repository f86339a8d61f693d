package schemas

import "fmt"

// Thresholds are the accepting threshold and that of duplicates: those of the parameters, or where these leave them open, of the encoder's
// model card. warnings are of ones that are not the encoder's own: cosines of encoders are not alike.
func (p Params) Thresholds(card EncoderCard) (threshold, duplicate float64, warnings []string, err error) {
	align, encoder := p.Align, p.Encoder.Name
	threshold, calibrated := card.Thresholds[align.Rule]
	switch {
	case align.Rule == EvidenceRule && (align.Threshold == nil || *align.Threshold > 0): // 0: what calibrates looks for the weights
		if threshold, err = p.wanted(card); err != nil {
			return 0, 0, nil, err
		}
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

// wanted is the precision that the rule "evidence" is to reach, with the weights of the card.
func (p Params) wanted(card EncoderCard) (precision float64, err error) {
	align, encoder := p.Align, p.Encoder.Name
	if card.Evidence == nil {
		return 0, fmt.Errorf("$.align.rule: the model card of %q has no weights for the rule %q (./crosssum calibrate finds them): %s", encoder, align.Rule,
			Give("align.rule", "agreement"))
	}
	if card.Neighbours != 0 && card.Neighbours != align.Neighbours {
		return 0, fmt.Errorf("$.align.neighbours: the weights in the model card of %q are for %d neighbours, not %d: %s", encoder, card.Neighbours,
			align.Neighbours, Give("align.neighbours", card.Neighbours))
	}
	precision = card.Thresholds[align.Rule]
	if align.Threshold != nil {
		precision = *align.Threshold
	}
	if err := card.Evidence.Check(); err != nil {
		return 0, fmt.Errorf("the model card of %q: %w", encoder, err)
	}
	align.Threshold = &precision
	if err := align.Check(); err != nil {
		return 0, fmt.Errorf("the model card of %q: %w", encoder, err)
	}
	if _, err := card.Evidence.Cut(precision); err != nil {
		return 0, fmt.Errorf("$.align.threshold: the model card of %q: %w", encoder, err)
	}
	return precision, nil
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
