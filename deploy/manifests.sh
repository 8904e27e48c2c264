#!/usr/bin/env bash
# Renders the overlays of deploy/kubernetes and holds the result against Kubernetes' published schemas, which
# kubernetes-validate brings along; nothing is asked for once kustomize is there. `make check` runs it.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

# Pinned, so that everybody renders the same.
KUSTOMIZE_VERSION=v5.6.0
# A release that clusters still run, and the newest that there are schemas of.
KUBERNETES_VERSIONS=(1.34.0 1.37.0)

# Print the command that renders a folder: kustomize, built once by Go, or the one inside kubectl.
kustomize() {
    local folder=$VENV/kustomize-$KUSTOMIZE_VERSION
    if [ ! -x "$folder/kustomize" ] && command -v go >/dev/null; then
        step timeout 300 env GOBIN="$folder" go install "sigs.k8s.io/kustomize/kustomize/v5@$KUSTOMIZE_VERSION" >&2 || true
    fi
    if [ -x "$folder/kustomize" ]; then
        echo "$folder/kustomize build"
    elif command -v kubectl >/dev/null; then
        echo "kubectl kustomize"
    fi
}

read -ra render <<<"$(kustomize)"
if [ "${#render[@]}" = 0 ]; then
    say "deploy/kubernetes is not checked: neither Go nor kubectl is installed."
    exit 0
fi
rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT
for overlay in deploy/kubernetes/overlays/*/; do
    file=$rendered/$(basename "$overlay").yaml
    "${render[@]}" "$overlay" >"$file"
    for version in "${KUBERNETES_VERSIONS[@]}"; do
        "$VENV/bin/kubernetes-validate" --quiet --strict --kubernetes-version "$version" "$file"
    done
done
