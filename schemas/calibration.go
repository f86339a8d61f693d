package schemas

// CalibrateInput: one unit, "all". Files out: "curve.json" (Calibration), "calibration.html". Counts: thresholds, clusters.
type CalibrateInput struct {
	Encoder            string  `json:"encoder"`
	Scanned            Scanned `json:"scanned"`
	Articles           Ref     `json:"articles"`
	Neighbours         Ref     `json:"neighbours"`
	Rule               string  `json:"rule"`
	DuplicateThreshold float64 `json:"duplicate_threshold"` // above 1: duplicates join nothing
	Neighbour          int     `json:"k"`
	Precision          float64 `json:"precision"`
	Seed               uint64  `json:"seed"`
	Evidence           *Ref    `json:"evidence,omitempty"` // of the rule "evidence"
}

// CalibrationInput asks for a sealed calibration, in words.
type CalibrationInput struct {
	Calibration Ref         `json:"calibration"`
	Card        EncoderCard `json:"card"` // of the encoder as it is now
}

// CalibrationText is the answer: the curve for a terminal, and the model card that it advises.
type CalibrationText struct {
	Table string `json:"table"` // plain text
	Card  string `json:"card"`  // YAML for the encoder's model card; "" where no threshold reaches the wanted precision
}

// CalibrateResult is what a finished Calibrate returns.
type CalibrateResult struct {
	Folder string `json:"folder"` // data/runs/<workflow id>
	Page   string `json:"page"`   // path of calibration.html
	CalibrationText
	Stages []StageProgress `json:"stages"`
}

// Calibration is curve.json: precision and recall of a rule by threshold.
type Calibration struct {
	Crawl      string   `json:"crawl"`
	Encoder    string   `json:"encoder"`
	Rule       string   `json:"rule"`
	Measure    string   `json:"measure"`             // what the threshold is compared with: "margin" or "cosine"
	Neighbours int      `json:"neighbours"`          // k of the margin
	Duplicate  float64  `json:"duplicate_threshold"` // from which same-language articles join components
	Articles   int      `json:"articles"`
	Languages  int      `json:"languages"`
	Judged     int64    `json:"articles_in_gold"`
	Clusters   int      `json:"clusters"` // that were resampled
	Resamples  int      `json:"resamples"`
	Precision  float64  `json:"wanted_precision"`
	Points     []Point  `json:"points"` // ascending thresholds
	Advice     []Advice `json:"advice"`
	// Of the rule "evidence": what was fitted to all known pairs. Points judge each pair by what was fitted without its cluster.
	Model *EvidenceModel `json:"model,omitempty"`
	// Reliability compares its probabilities with what is right: of all judged pairs, and by the smaller language's number of articles.
	Reliability []Reliability `json:"reliability,omitempty"`
	// ByLanguages are the pairs of languages with LargePair known pairs and more, at the cut of the wanted precision; the worst first.
	ByLanguages []LanguagesAtCut `json:"by_languages,omitempty"`
}

// LargePair is the number of known pairs from which a pair of languages is judged by itself. GoodPrecision and GoodRecall are what it should have.
const (
	LargePair     = 100
	GoodPrecision = 0.95
	GoodRecall    = 0.75
)

// Reliability is a group of judged pairs by their probability, from 0 to 1 in equal steps; steps without pairs are left out.
type Reliability struct {
	Group string           `json:"group"`
	Bins  []ReliabilityBin `json:"bins"`
}

// ReliabilityBin has the mean probability of its pairs, and how many are right.
type ReliabilityBin struct {
	Probability float64 `json:"probability"`
	Pairs       int64   `json:"pairs"`
	Right       int64   `json:"right"`
}

// LanguagesAtCut is a pair of languages at one threshold. Wrong and Missed name the reason that most of its wrong pairs, and of the known
// pairs that were not found, have; "" where there are none.
type LanguagesAtCut struct {
	Source      string  `json:"source"`
	Target      string  `json:"target"`
	Judged      int64   `json:"judged"`
	Gold        int64   `json:"gold"`
	Precision   float64 `json:"precision"`
	Recall      float64 `json:"recall"`
	Probability float64 `json:"probability"` // mean of the judged pairs: the precision that they promise
	Wrong       string  `json:"wrong,omitempty"`
	Missed      string  `json:"missed,omitempty"`
}

// Good tells whether precision and recall are what they should be.
func (l LanguagesAtCut) Good() bool { return l.Precision >= GoodPrecision && l.Recall >= GoodRecall }

// Point is one threshold.
type Point struct {
	Threshold float64 `json:"threshold"`
	Largest   float64 `json:"largest_component_share"` // of all articles
	All       Curve   `json:"all"`
	English   Curve   `json:"english"` // pairs of English with the others of the ten largest languages
}

// Curve is how pairs are judged at a threshold, as the report judges them (by summary class, by key).
type Curve struct {
	Pairs        int64    `json:"pairs"`   // accepted
	Judged       int64    `json:"judged"`  // of these, right or wrong
	Neither      int64    `json:"neither"` // of these, neither right nor wrong
	Right        int64    `json:"right"`
	Gold         int64    `json:"gold"`
	Found        int64    `json:"found"`
	Precision    Estimate `json:"precision"`
	Recall       Estimate `json:"recall"`
	F1           float64  `json:"f1"`
	KeyPrecision Estimate `json:"precision_by_key"`
	KeyRecall    Estimate `json:"recall_by_key"`
}

// Estimate is a share with its 95 % bootstrap interval.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Advice is the smallest threshold at which precision reaches the wanted one.
type Advice struct {
	Pairs      string  `json:"pairs"`       // "all" or "english"
	LowerBound bool    `json:"lower_bound"` // the lower end of the interval reaches it, not only the value
	Reached    bool    `json:"reached"`
	Threshold  float64 `json:"threshold"` // if not reached: the one with the best precision
	Best       float64 `json:"best"`      // precision, or its lower end, there
}

// CalibrateParams are the parameters of a Calibrate run: those of Pipeline that alignment has, the known pairs, and the
// precision that is wanted. Align.Threshold is not used.
type CalibrateParams struct {
	Params
	Gold      string  `json:"gold"` // name of <crawl root>/gold/<name>.tsv.gz; "": the one beside the crawl
	Precision float64 `json:"precision"`
}
