# SPDX-License-Identifier: MIT
# Completion for bash. Outcomes and codes come from the program itself, so they are never out of
# date.
_candor() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} program=${COMP_WORDS[0]}

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(
            compgen -W 'serve check status why graph passwd key --help --version' -- "$current")
        return
    fi
    case $command:$previous in
    serve:--config) mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
    serve:--listen)
        mapfile -t COMPREPLY < <(compgen -W '127.0.0.1:8080 0.0.0.0:8080 localhost:8080 unix:' -- "$current") && return
        ;;
    esac
    case $command:$current in
    serve:-*) mapfile -t COMPREPLY < <(compgen -W '--listen --write --dotfiles
        --no-dotfiles --host --to --config --help' -- "$current") ;;
    serve:*) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    status:-*) mapfile -t COMPREPLY < <(compgen -W '--json --help' -- "$current") ;;
    status:*)
        mapfile -t COMPREPLY < <(compgen -W "1xx 2xx 3xx 4xx 5xx $(
            "$program" status 2>/dev/null | sed -n 's/^  \([0-9]\{3\}\) .*/\1/p')" -- "$current")
        ;;
    key:-*) mapfile -t COMPREPLY < <(compgen -W '--scope --help' -- "$current") ;;
    *:-*) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
    check:*) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    passwd:* | key:*)
        ((COMP_CWORD == 2)) && mapfile -t COMPREPLY < <(compgen -f -- "$current")
        ;;
    why:*)
        mapfile -t COMPREPLY < <(compgen -W "$(
            "$program" why 2>/dev/null | sed -n 's/^[0-9]\{3\}  \([a-z0-9-]*\) .*/\1/p')" -- "$current")
        ;;
    graph:*)
        mapfile -t COMPREPLY < <(compgen -W "$(
            "$program" graph --help 2>/dev/null | sed -n 's/^    \([a-z]*\)  *[A-Z].*?$/\1/p')" -- "$current")
        ;;
    esac
}
complete -o filenames -F _candor candor
