package schemas

import "github.com/apache/arrow/go/v17/arrow"

// Arrow schemas, one a noun. Rows are sorted by (language, id). No field is null.
var (
	// Article is one accepted row of a crawl. content_digest = SHA-256 hex of title, summary, text, each ended by a zero byte.
	Article = arrow.NewSchema([]arrow.Field{
		str("language"), str("id"), str("url"), str("title"), str("summary"), str("text"),
		{Name: "images", Type: arrow.ListOf(arrow.BinaryTypes.String)},
		str("label"), // split that the crawl gave: "train", "val", "test" or ""
		str("content_digest"),
	}, nil)

	// Reject is one quarantined row: where it stood and why. line counts from 1; file is the digest of the crawl file.
	Reject = arrow.NewSchema([]arrow.Field{str("file"), i64("line"), str("reason"), str("detail")}, nil)

	// Deletion is an identity that a crawl withdraws.
	Deletion = arrow.NewSchema([]arrow.Field{str("language"), str("id")}, nil)

	// Change is what a crawl did to one article of the catalogue: "new", "edited" (its title, summary or text) or
	// "withdrawn". Others have no row.
	Change = arrow.NewSchema([]arrow.Field{str("language"), str("id"), str("change")}, nil)

	// Neighbour is one entry of a neighbour list; rank counts from 0; score is a float64 dot product rounded once to fp32.
	Neighbour = arrow.NewSchema([]arrow.Field{str("source_id"), i32("rank"), str("target_id"), f32("score")}, nil)

	// Pair is one accepted alignment; source_language < target_language in byte order. score is the cosine.
	Pair = arrow.NewSchema([]arrow.Field{
		str("source_language"), str("source_id"), str("target_language"), str("target_id"),
		f32("score"), f32("margin"), str("rule"), str("component"),
	}, nil)

	// Duplicate is a pair of near-identical summaries of one language; source_id < target_id.
	Duplicate = arrow.NewSchema([]arrow.Field{str("language"), str("source_id"), str("target_id"), f32("score")}, nil)

	// Component assigns every article its connected component, named by its smallest "language/id".
	Component = arrow.NewSchema([]arrow.Field{str("language"), str("id"), str("component")}, nil)

	// Split assigns every article its split ("train", "val", "test", or "dropped") and the reason
	// ("history_train", "large", "label", "history_eval", "hash", "exact_duplicate").
	Split = arrow.NewSchema([]arrow.Field{str("language"), str("id"), str("component"), str("split"), str("reason")}, nil)

	// History is the split ("train", "val", "test") in which a ledger last published an article, withdrawn ones included; of an
	// article that was dropped it is the one of its component. What was in train once never leaves it.
	History = arrow.NewSchema([]arrow.Field{str("language"), str("id"), str("split")}, nil)

	// Trained lists, sorted, the SHA-256 (hex) of summary and text, each ended by a zero byte, of whatever ever was in train.
	Trained = arrow.NewSchema([]arrow.Field{str("content")}, nil)

	// Sample is one directed training or test example, native ones (source = target article) included.
	Sample = arrow.NewSchema([]arrow.Field{
		str("source_language"), str("source_id"), str("target_language"), str("target_id"), str("split"),
	}, nil)

	// Text is a list of texts for the engine's encode and classify.
	Text = arrow.NewSchema([]arrow.Field{str("language"), str("id"), str("text")}, nil)

	// Classified says which language a text is in: the classifier's first label ("en") with
	// its probability, the probability of the label of the row's language (-1 where the classifier does not know it), how
	// many letters the text has (an ideograph, kana or hangul counts three), and a hash that equal texts share.
	Classified = arrow.NewSchema([]arrow.Field{str("language"), str("id"), str("label"), f32("probability"), f32("wanted"),
		i32("letters"), i64("hash")}, nil)

	// Identified says of a screened article which language its summary is in ("english", or the classifier's label where the
	// table of languages has no name for it), with the classifier's probability, and whether it may be called its file's.
	// Row for row that of the articles file beside it.
	Identified = arrow.NewSchema([]arrow.Field{str("language"), str("id"), str("identified"), f32("probability"),
		{Name: "ok", Type: arrow.FixedWidthTypes.Boolean}}, nil)

	// SetAside is an article that screening left out: reason is "misplaced" (its summary is in the language identified), or,
	// where it was to be moved there, "no_language" (the crawl has no file for it) or "duplicate_id" (the file has the id).
	SetAside = arrow.NewSchema([]arrow.Field{str("language"), str("id"), str("reason"), str("identified"), f32("probability")}, nil)

	// Tokens are the ids of an article's text (source) and summary (label), cut to their limits, each ended by </s>. Uncompressed, so
	// that training reads them where they lie. dropped counts sentinels that the summary spells out, which labels do not hold.
	Tokens = arrow.NewSchema([]arrow.Field{str("language"), str("id"),
		{Name: "source", Type: arrow.ListOfNonNullable(arrow.PrimitiveTypes.Int32)},
		{Name: "label", Type: arrow.ListOfNonNullable(arrow.PrimitiveTypes.Int32)}, i32("dropped")}, nil)

	// Prompt is the input of the engine's generate: text is the source article.
	Prompt = arrow.NewSchema([]arrow.Field{
		str("source_language"), str("source_id"), str("target_language"), str("target_id"), str("text"),
	}, nil)

	// Generation is the best beam of a prompt; score = sum of log-probabilities / length^penalty.
	Generation = arrow.NewSchema([]arrow.Field{
		str("source_language"), str("source_id"), str("target_language"), str("target_id"), str("generated"), f32("score"),
	}, nil)

	// Score is one scored generation, all times 100. lead_* score the source's first sentence against the same reference.
	ScoreRow = arrow.NewSchema([]arrow.Field{
		str("source_language"), str("source_id"), str("target_language"), str("target_id"),
		str("generated"), str("reference"), str("lead"),
		f64("rouge1"), f64("rouge2"), f64("rougeL"), f64("lase"), f64("ms"), f64("lc"), f64("lp"), f64("lase_shuffled"),
		f64("lead_rouge1"), f64("lead_rouge2"), f64("lead_rougeL"), f64("lead_lase"),
	}, nil)
)

// Embedding is {language, id, text_digest, embedding}: unit vectors of d float32.
func Embedding(d int) *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{str("language"), str("id"), str("text_digest"),
		{Name: "embedding", Type: arrow.FixedSizeListOfNonNullable(int32(d), arrow.PrimitiveTypes.Float32)}}, nil)
}

// Vector is {text_digest, embedding}: a part of the store of embedded texts, sorted by digest.
func Vector(d int) *arrow.Schema { return arrow.NewSchema(Embedding(d).Fields()[2:], nil) }

func str(n string) arrow.Field { return arrow.Field{Name: n, Type: arrow.BinaryTypes.String} }
func i32(n string) arrow.Field { return arrow.Field{Name: n, Type: arrow.PrimitiveTypes.Int32} }
func i64(n string) arrow.Field { return arrow.Field{Name: n, Type: arrow.PrimitiveTypes.Int64} }
func f32(n string) arrow.Field { return arrow.Field{Name: n, Type: arrow.PrimitiveTypes.Float32} }
func f64(n string) arrow.Field { return arrow.Field{Name: n, Type: arrow.PrimitiveTypes.Float64} }

func nullable(f arrow.Field) arrow.Field {
	f.Nullable = true
	return f
}
