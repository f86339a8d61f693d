package schemas

// Check does not know what is trained on: whether batches can be shared by the ranks, and whether numerics allow bf16.
func (p TrainParams) Check() error {
	c := &checks{}
	c.whole("train.steps", p.Steps, 1, 10_000_000)
	c.whole("train.mini_batch", p.MiniBatch, 1, 1<<16)
	c.whole("train.pairs", p.Pairs, 1, 1<<16)
	c.whole("train.micro_batch", p.MicroBatch, 1, 1<<16)
	c.whole("train.ranks", p.Ranks, 0, 64)
	c.real("train.alpha", p.Alpha, 0, 10)
	c.real("train.beta", p.Beta, 0, 10)
	c.oneOf("train.sampling", p.Sampling, "coin", "fixed_source", "fixed_target", "unistage")
	c.oneOf("train.setting", p.Setting, "many_to_many", "many_to_one", "one_to_many", "")
	c.check((p.Pivot != "") == (p.Setting == "many_to_one" || p.Setting == "one_to_many"), "train.pivot",
		"is %.40q; the settings many_to_one and one_to_many have one, many_to_many has none", p.Pivot)
	c.whole("train.source_tokens", p.SourceTokens, 2, 16384)
	c.whole("train.target_tokens", p.TargetTokens, 2, 4096)
	c.positive("train.learning_rate_scale", p.LearningRate, 1000)
	c.whole("train.warmup_steps", p.WarmupSteps, 0, 1<<30)
	c.oneOf("train.optimizer", p.Optimizer, "adafactor", "adamw")
	c.check(p.Optimizer != "adamw" || !p.ScaleParameter, "train.scale_parameter", "belongs to adafactor, and train.optimizer is adamw: set it to false")
	c.real("train.label_smoothing", p.LabelSmoothing, 0, 0.999)
	c.real("train.weight_decay", p.WeightDecay, 0, 0.999)
	c.real("train.gradient_norm", p.GradientNorm, 1e-6, 1e6)
	c.real("train.dropout", p.Dropout, 0, 0.999)
	c.oneOf("train.precision", p.Precision, "auto", "fp32", "bf16")
	c.whole("train.checkpoint_every_steps", p.CheckpointEvery, 1, 1<<30)
	c.whole("train.keep_checkpoints", p.KeepCheckpoints, 1, 1000)
	c.whole("train.validate_every_steps", p.ValidateEvery, 0, 1<<30)
	c.whole("train.validation_samples", p.ValidationSamples, 1, 1<<20)
	c.oneOf("train.best_by", p.BestBy, "rouge2", "loss")
	c.oneOf("train.output", p.Output, "last", "best")
	c.whole("train.patience", p.Patience, 0, 1<<20)
	c.check(p.ValidateEvery > 0 && p.ValidateEvery <= p.Steps || p.Output != "best" && p.Patience == 0, "train.validate_every_steps",
		"%d: output \"best\" and patience need a validation within the %d steps", p.ValidateEvery, p.Steps)
	return c.err
}
