#!/usr/bin/env bash
# Names each image of the stack by its digest: writes infra/compose.digests.yaml, which is given to
# docker compose after infra/compose.yaml. Needs docker with buildx and the registries.
set -euo pipefail
cd "$(dirname "$0")"

images=$(sed -n 's/^    image: //p' compose.yaml | sort -u)
{
    echo "services:"
    while read -r image; do
        digest=$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}')
        service=$(grep --before-context=1 --fixed-strings "    image: $image" compose.yaml |
            sed -n 's/^  \([a-z0-9-]*\):$/\1/p')
        printf '  %s:\n    image: %s@%s\n' "$service" "$image" "$digest"
    done <<<"$images"
} >compose.digests.yaml.new
mv compose.digests.yaml.new compose.digests.yaml
echo "infra/compose.digests.yaml: $(grep -c image: compose.digests.yaml) images by digest" >&2
