package bert

import "crosssum/internal/native/torch"

// embeddings are the sum of a token's word, position and type vectors, normalized.
type embeddings struct {
	word     torch.Tensor // [vocabulary, hidden]
	position torch.Tensor // [positions, hidden], the vector of type 0 added
	norm     norm
}

// newEmbeddings adds the vector of token type 0, the only type used here, to every position once.
func newEmbeddings(p *parameters, c *Config) embeddings {
	types := p.take("embeddings.token_type_embeddings.weight", c.Types, c.HiddenSize)
	position := p.take("embeddings.position_embeddings.weight", c.Positions, c.HiddenSize)
	return embeddings{
		word:     p.keep(p.take("embeddings.word_embeddings.weight", c.VocabSize, c.HiddenSize)),
		position: p.keep(position.Add(types.Slice(0, 0, 1))),
		norm:     newNorm(p, "embeddings.LayerNorm", c),
	}
}

// forward takes ids and positions [rows] to [rows, hidden].
func (e *embeddings) forward(ids, positions torch.Tensor) torch.Tensor {
	return e.norm.forward(torch.Embedding(e.word, ids).Add(torch.Embedding(e.position, positions)))
}

// norm is a LayerNorm over the last dimension.
type norm struct {
	weight, bias torch.Tensor // [hidden]
	epsilon      float64
}

func newNorm(p *parameters, name string, c *Config) norm {
	return norm{p.keep(p.take(name+".weight", c.HiddenSize)), p.keep(p.take(name+".bias", c.HiddenSize)), c.LayerNormEps}
}

func (n *norm) forward(x torch.Tensor) torch.Tensor {
	return torch.LayerNorm(x, n.weight, n.bias, n.epsilon)
}
