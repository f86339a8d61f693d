package schemas

// Mined is how the pairs of a data set were found, as resolved for the run: what its data card states.
type Mined struct {
	Crawl      string        `json:"crawl"` // digest
	Encoder    EncoderParams `json:"encoder"`
	Rule       string        `json:"rule"`
	Threshold  float64       `json:"threshold"`
	Duplicate  float64       `json:"duplicate_threshold"`
	Neighbours int           `json:"neighbours"`
	Split      SplitParams   `json:"split"`
	Seed       uint64        `json:"seed"`
}

// TrainedOnFile is the name of the record of what a model was trained on (TrainedOnRow) in a model's directory.
const TrainedOnFile = "trained_on.arrow"
