package schemas

// Rows of the Arrow files, one type a noun: a field is a column, named by its tag. Rows are sorted by (language, id). No field is
// null. internal/artifact/arrowfile derives the files' schemas from these types, and reads and writes them.
type (
	// ArticleRow is one accepted row of a crawl. content_digest = SHA-256 hex of title, summary, text, each ended by a zero byte.
	ArticleRow struct {
		Language string   `arrow:"language"`
		ID       string   `arrow:"id"`
		URL      string   `arrow:"url"`
		Title    string   `arrow:"title"`
		Summary  string   `arrow:"summary"`
		Text     string   `arrow:"text"`
		Images   []string `arrow:"images"`
		Label    string   `arrow:"label"` // split that the crawl gave: "train", "val", "test" or ""
		Digest   string   `arrow:"content_digest"`
	}

	// RejectRow is one quarantined row: where it stood and why. line counts from 1; file is the digest of the crawl file.
	RejectRow struct {
		File   string `arrow:"file"`
		Line   int64  `arrow:"line"`
		Reason string `arrow:"reason"`
		Detail string `arrow:"detail"`
	}

	// DeletionRow is an identity that a crawl withdraws.
	DeletionRow struct {
		Language string `arrow:"language"`
		ID       string `arrow:"id"`
	}

	// ChangeRow is what a crawl did to one article of the catalogue: "new", "edited" (its title, summary or text) or
	// "withdrawn". Others have no row.
	ChangeRow struct {
		Language string `arrow:"language"`
		ID       string `arrow:"id"`
		Change   string `arrow:"change"`
	}

	// NeighbourRow is one entry of a neighbour list; rank counts from 0; score is a float64 dot product rounded once to fp32.
	NeighbourRow struct {
		Uncompressed
		SourceID string  `arrow:"source_id"`
		Rank     int32   `arrow:"rank"`
		TargetID string  `arrow:"target_id"`
		Score    float32 `arrow:"score"`
	}

	// LexiconRow has what an article's title, summary and text say that does not depend on their language: hashes of tokens, ascending as
	// unsigned numbers, with a weight each (times 2^30, of a vector of unit length) and the number of articles of the language that have
	// it. It is row for row that of the articles; copy_of is the row, from 0, of the first article with its summary and text: its own, or
	// that of which it is a copy, and then it has no tokens.
	LexiconRow struct {
		Uncompressed
		ID       string  `arrow:"id"`
		CopyOf   int32   `arrow:"copy_of"`
		Tokens   []int32 `arrow:"tokens"`
		Weights  []int32 `arrow:"weights"`
		Articles []int32 `arrow:"articles"`
	}

	// EvidenceRow is what speaks for a pair of articles of two languages: rows of their articles files, from 0, sorted. score is the cosine
	// of the summaries; source_mean is the mean cosine of the source with its nearest in the other language, copies counted as one;
	// tokens is the cosine of the two lexicon rows, source_tokens the mean of the source with those that share most with it.
	EvidenceRow struct {
		Uncompressed
		Source       int32   `arrow:"source"`
		Target       int32   `arrow:"target"`
		Score        float32 `arrow:"score"`
		SourceMean   float32 `arrow:"source_mean"`
		TargetMean   float32 `arrow:"target_mean"`
		Tokens       float32 `arrow:"tokens"`
		SourceTokens float32 `arrow:"source_tokens"`
		TargetTokens float32 `arrow:"target_tokens"`
	}

	// PairRow is one accepted alignment; source_language < target_language in byte order. score is the cosine. tokens (the cosine of what
	// both share that does not depend on language), agreement (of other languages, from -0.5 to 0.5) and probability are 0 where the rule
	// does not ask for them.
	PairRow struct {
		SourceLanguage string  `arrow:"source_language"`
		SourceID       string  `arrow:"source_id"`
		TargetLanguage string  `arrow:"target_language"`
		TargetID       string  `arrow:"target_id"`
		Score          float32 `arrow:"score"`
		Margin         float32 `arrow:"margin"`
		Tokens         float32 `arrow:"tokens"`
		Agreement      float32 `arrow:"agreement"`
		Probability    float32 `arrow:"probability"`
		Rule           string  `arrow:"rule"`
		Component      string  `arrow:"component"`
	}

	// DuplicateRow is a pair of near-identical summaries of one language; source_id < target_id.
	DuplicateRow struct {
		Language string  `arrow:"language"`
		SourceID string  `arrow:"source_id"`
		TargetID string  `arrow:"target_id"`
		Score    float32 `arrow:"score"`
	}

	// TextDigestRow says of an article what its text and its summary are known by: half the SHA-256 (hex) of each after normalization, the
	// MinHash signature of the text (100 bytes, four a number, the lowest first; none of a text without words), and whether it stands
	// near so many texts of its language that not all were compared.
	TextDigestRow struct {
		ID        string  `arrow:"id"`
		Text      string  `arrow:"text_digest"`
		Summary   string  `arrow:"summary_digest"`
		Signature []int32 `arrow:"signature"`
		Crowded   bool    `arrow:"crowded"`
	}

	// TrainedTextRow is, in the order of its columns, what a text that ever was in train is known by, as in TextDigestRow.
	TrainedTextRow struct {
		Language  string  `arrow:"language"`
		Text      string  `arrow:"text_digest"`
		Summary   string  `arrow:"summary_digest"`
		Signature []int32 `arrow:"signature"`
	}

	// ComponentRow assigns an article its connected component, named by its smallest "language/id".
	ComponentRow struct {
		Language  string `arrow:"language"`
		ID        string `arrow:"id"`
		Component string `arrow:"component"`
	}

	// SplitRow assigns an article its split ("train", "val", "test", or "dropped") and the reason
	// ("history_train", "large", "label", "history_eval", "hash", "exact_duplicate", "boilerplate").
	SplitRow struct {
		Language  string `arrow:"language"`
		ID        string `arrow:"id"`
		Component string `arrow:"component"`
		Split     string `arrow:"split"`
		Reason    string `arrow:"reason"`
	}

	// HistoryRow is the split ("train", "val", "test") in which a ledger last published an article, withdrawn ones included; of an
	// article that was dropped it is the one of its component. What was in train once never leaves it.
	HistoryRow struct {
		Language string `arrow:"language"`
		ID       string `arrow:"id"`
		Split    string `arrow:"split"`
	}

	// TrainedRow is, sorted, the SHA-256 (hex) of summary and text, each ended by a zero byte, of something that ever was in train.
	TrainedRow struct {
		Content string `arrow:"content"`
	}

	// SampleRow is one directed training or test example, native ones (source = target article) included.
	SampleRow struct {
		SourceLanguage string `arrow:"source_language"`
		SourceID       string `arrow:"source_id"`
		TargetLanguage string `arrow:"target_language"`
		TargetID       string `arrow:"target_id"`
		Split          string `arrow:"split"`
	}

	// TextRow is a text for the engine's encode and classify.
	TextRow struct {
		Uncompressed
		Language string `arrow:"language"`
		ID       string `arrow:"id"`
		Text     string `arrow:"text"`
	}

	// ClassifiedRow says which language a text is in: the classifier's first label ("en") with
	// its probability, the probability of the label of the row's language (-1 where the classifier does not know it), how
	// many letters the text has (an ideograph, kana or hangul counts three), a hash that equal texts share, the script that
	// most of the letters are in (ISO 15924; of Chinese characters alone Hani, where nothing tells Hans from Hant; "" of a text
	// without letters), how many letters are in others, and how many words begin with a small letter.
	ClassifiedRow struct {
		Language     string  `arrow:"language"`
		ID           string  `arrow:"id"`
		Label        string  `arrow:"label"`
		Probability  float32 `arrow:"probability"`
		Wanted       float32 `arrow:"wanted"`
		Letters      int32   `arrow:"letters"`
		Hash         int64   `arrow:"hash"`
		Script       string  `arrow:"script"`
		OtherLetters int32   `arrow:"other_letters"`
		SmallWords   int32   `arrow:"small_words"`
	}

	// IdentifiedRow says of a screened article which language its summary is in ("english", or the classifier's label where the
	// table of languages has no name for it), with the classifier's probability, and whether it may be called its file's
	// (null where nothing can be known). Row for row that of the articles file beside it.
	IdentifiedRow struct {
		Language    string  `arrow:"language"`
		ID          string  `arrow:"id"`
		Identified  string  `arrow:"identified"`
		Probability float32 `arrow:"probability"`
		OK          *bool   `arrow:"ok"`
	}

	// SetAsideRow is an article that screening left out: reason is "misplaced" (its summary is in the language identified), or,
	// where it was to be moved there, "no_language" (the crawl has no file for it) or "duplicate_id" (the file has the id).
	SetAsideRow struct {
		Language    string  `arrow:"language"`
		ID          string  `arrow:"id"`
		Reason      string  `arrow:"reason"`
		Identified  string  `arrow:"identified"`
		Probability float32 `arrow:"probability"`
	}

	// TokensRow has the ids of an article's text (source) and summary (label), cut to their limits, each ended by </s>. Uncompressed,
	// so that training reads them where they lie. dropped counts sentinels that the summary spells out, which labels do not hold.
	TokensRow struct {
		Uncompressed
		Language string  `arrow:"language"`
		ID       string  `arrow:"id"`
		Source   []int32 `arrow:"source"`
		Label    []int32 `arrow:"label"`
		Dropped  int32   `arrow:"dropped"`
	}

	// PromptRow is the input of the engine's generate: text is the source article.
	PromptRow struct {
		SourceLanguage string `arrow:"source_language"`
		SourceID       string `arrow:"source_id"`
		TargetLanguage string `arrow:"target_language"`
		TargetID       string `arrow:"target_id"`
		Text           string `arrow:"text"`
	}

	// GenerationRow is the best beam of a prompt; score = sum of log-probabilities / length^penalty.
	GenerationRow struct {
		SourceLanguage string  `arrow:"source_language"`
		SourceID       string  `arrow:"source_id"`
		TargetLanguage string  `arrow:"target_language"`
		TargetID       string  `arrow:"target_id"`
		Generated      string  `arrow:"generated"`
		Score          float32 `arrow:"score"`
	}

	// ScoredRow is one scored generation, all times 100. lead_* score the source's first sentence against the same reference.
	ScoredRow struct {
		SourceLanguage string `arrow:"source_language"`
		SourceID       string `arrow:"source_id"`
		TargetLanguage string `arrow:"target_language"`
		TargetID       string `arrow:"target_id"`
		Generated      string `arrow:"generated"`
		Reference      string `arrow:"reference"`
		Lead           string `arrow:"lead"`
		Figures
	}

	// Figures are the measures of a sample, or their means over samples; times 100.
	Figures struct {
		Rouge1       float64 `json:"rouge1" arrow:"rouge1"`
		Rouge2       float64 `json:"rouge2" arrow:"rouge2"`
		RougeL       float64 `json:"rougeL" arrow:"rougeL"`
		LaSE         float64 `json:"lase" arrow:"lase"`
		MS           float64 `json:"ms" arrow:"ms"`
		LC           float64 `json:"lc" arrow:"lc"`
		LP           float64 `json:"lp" arrow:"lp"`
		LaSEShuffled float64 `json:"lase_shuffled" arrow:"lase_shuffled"`
		LeadRouge1   float64 `json:"lead_rouge1" arrow:"lead_rouge1"`
		LeadRouge2   float64 `json:"lead_rouge2" arrow:"lead_rouge2"`
		LeadRougeL   float64 `json:"lead_rougeL" arrow:"lead_rougeL"`
		LeadLaSE     float64 `json:"lead_lase" arrow:"lead_lase"`
	}

	// EmbeddingRow is the unit vector of a text; all of a file have one width.
	EmbeddingRow struct {
		Uncompressed
		Language   string    `arrow:"language"`
		ID         string    `arrow:"id"`
		TextDigest string    `arrow:"text_digest"`
		Embedding  []float32 `arrow:"embedding"`
	}

	// VectorRow is a row of a part of the store of embedded texts, sorted by digest.
	VectorRow struct {
		Uncompressed
		TextDigest string    `arrow:"text_digest"`
		Embedding  []float32 `arrow:"embedding"`
	}

	// TrainedOnRow is, sorted, an article that a model was trained on, as text or as summary: content_digest is ArticleRow's. A row with
	// an empty id names no article: its content_digest has one behind the other the first 16 hex digits of the SHA-256 of texts and summaries
	// of the language, which are what a data set's folder has of articles; batches do not tell the language of their texts, so that it is "".
	// The record lies beside the model's files as TrainedOnFile; nothing that loads the model reads it.
	TrainedOnRow struct {
		Language string `arrow:"language"`
		ID       string `arrow:"id"`
		Content  string `arrow:"content_digest"`
	}

	// DatasetRow is a row of the data set's Parquet files: the four fields of the JSON lines, and what to filter by. An article
	// with its own summary has the rule "native", and null in score, margin, tokens, agreement and probability; the last three are null too where
	// the rule does not ask for them. component is that of SplitRow; crawl is the digest
	// of the later of the two articles' crawls; language_ok: the summary is in the target language (null: nobody looked, or nothing can be known).
	DatasetRow struct {
		SourceURL      string   `arrow:"source_url"`
		TargetURL      string   `arrow:"target_url"`
		Summary        string   `arrow:"summary"`
		Text           string   `arrow:"text"`
		SourceLanguage string   `arrow:"source_language"`
		TargetLanguage string   `arrow:"target_language"`
		SourceID       string   `arrow:"source_id"`
		TargetID       string   `arrow:"target_id"`
		Score          *float32 `arrow:"score"`
		Margin         *float32 `arrow:"margin"`
		Tokens         *float32 `arrow:"tokens"`
		Agreement      *float32 `arrow:"agreement"`
		Probability    *float32 `arrow:"probability"`
		Rule           string   `arrow:"rule"`
		Component      string   `arrow:"component"`
		Crawl          string   `arrow:"crawl"`
		LanguageOK     *bool    `arrow:"language_ok"`
	}
)

// Uncompressed marks rows that are numbers above all, or short-lived: their files are written without zstd.
type Uncompressed struct{}
