# Bash completion for berg. Commands and options are asked of the program's own help, so that the two cannot differ.
# The subjects of the first word that names a model.
_berg_subjects() {
  local known
  for known in "${COMP_WORDS[@]}"; do
    case $known in
    utah_array-*) echo "N F"; return ;;
    meg-*) echo "1 2 3 4"; return ;;
    eeg-*) echo "1 2 3 4 5 6 7 8 9 10"; return ;;
    fmri-nsd*) echo "1 2 3 4 5 6 7 8"; return ;;
    esac
  done
  echo "1 2 3"
}

_berg() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]} command=${COMP_WORDS[1]-} first=2
  COMPREPLY=()
  if [ "$COMP_CWORD" = 1 ]; then
    local commands
    commands=$("$program" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p')
    mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
    return
  fi
  if [ "$command" = volume ]; then
    if [ "$COMP_CWORD" = 2 ]; then
      mapfile -t COMPREPLY < <(compgen -W "to from rois" -- "$word")
      return
    fi
    command="volume ${COMP_WORDS[2]}" first=3
  fi
  if [ "$command" = plan ] && [[ $word != -* ]] && ! printf '%s\n' "${COMP_WORDS[@]:2}" | grep -qxE 'train|encode|score'; then
    mapfile -t COMPREPLY < <(compgen -W "train encode score" -- "$word")
    return
  fi
  case $before in
  --outside) mapfile -t COMPREPLY < <(compgen -W "nan 0" -- "$word"); return ;;
  --subject) mapfile -t COMPREPLY < <(compgen -W "$(_berg_subjects)" -- "$word"); return ;;
  --also) mapfile -t COMPREPLY < <(compgen -S : -W "$("$program" list 2>/dev/null)" -- "$word"); compopt -o nospace 2>/dev/null; return ;;
  --map | --above-map) mapfile -t COMPREPLY < <(compgen -W "e t df p log q d g sd" -- "$word"); return ;;
  --correction) mapfile -t COMPREPLY < <(compgen -W "bh by" -- "$word"); return ;;
  --format) mapfile -t COMPREPLY < <(compgen -W "npy h5 csv" -- "$word"); return ;;
  --train-splits) mapfile -t COMPREPLY < <(compgen -W "all single split1 split2 split3 split4" -- "$word"); return ;;
  --stage | --merge) mapfile -t COMPREPLY < <(compgen -W "features gram eigenvectors components regression weights" -- "$word"); return ;;
  --mode) mapfile -t COMPREPLY < <(compgen -W "complete prediction signal matched" -- "$word"); return ;;
  --region) mapfile -t COMPREPLY < <(compgen -W "Central Frontal Occipital Parietal Temporal" -- "$word"); return ;;
  --precision) mapfile -t COMPREPLY < <(compgen -W "f32 bf16 int8 tf32" -- "$word"); return ;;
  --isa) mapfile -t COMPREPLY < <(compgen -W "auto portable avx2 avx512 amx neon neon_dot neon_matrix" -- "$word"); return ;;
  --device) mapfile -t COMPREPLY < <(compgen -W "auto cpu cuda" -- "$word"); return ;;
  --layout) mapfile -t COMPREPLY < <(compgen -W "auto nchw nhwc" -- "$word"); return ;;
  --metric) mapfile -t COMPREPLY < <(compgen -W "correlation cosine euclidean sqeuclidean" -- "$word"); return ;;
  --measure) mapfile -t COMPREPLY < <(compgen -W "pearson cosine spearman rho-a kendall" -- "$word"); return ;;
  --adjust) mapfile -t COMPREPLY < <(compgen -W "none demean zscore" -- "$word"); return ;;
  --form) mapfile -t COMPREPLY < <(compgen -W "square condensed rdms" -- "$word"); return ;;
  --dtype) mapfile -t COMPREPLY < <(compgen -W "f64 f32" -- "$word"); return ;;
  --mean) mapfile -t COMPREPLY < <(compgen -W "roi" -- "$word"); return ;;
  --features) mapfile -t COMPREPLY < <(compgen -W "all class-token" -- "$word"); return ;;
  --pairs) mapfile -t COMPREPLY < <(compgen -W "all" -- "$word"); return ;;
  --berg-dir | --work | --scratch | --jobs | --figures | --scores | --pictures) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
  esac
  if [[ $word == -* ]]; then
    local options
    # shellcheck disable=SC2086 # "volume to" is two words
    options=$("$program" $command --help 2>/dev/null | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p')
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    return
  fi
  case $command in
  describe | fetch | metadata | encode | score | serve | train | evaluate | report | bench | volume*)
    if [ "$COMP_CWORD" = "$first" ]; then
      mapfile -t COMPREPLY < <(compgen -W "$("$program" list 2>/dev/null)" -- "$word")
      return
    fi
    ;;
  esac
  mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _berg berg
