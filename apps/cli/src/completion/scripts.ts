/**
 * What a shell sources to complete `alphalora`: it hands over the words up to the cursor, and gets a line for
 * each of what may stand there. Nothing at all means files; a line of `:` alone means that there is nothing.
 */

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

/** The program is found on the PATH, whatever path was typed: a tab key starts nothing in a strange folder. */
export const scripts: Readonly<Record<Shell, string>> = {
  // Without process substitution into arrays that bash 3.2 of macOS lacks, and without bash-completion.
  bash: `# bash completion for alphalora
_alphalora() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = : ]; then
      compopt +o default 2>/dev/null
    else
      COMPREPLY+=("$line")
    fi
  done < <(command alphalora completion bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _alphalora alphalora
`,
  zsh: `#compdef alphalora
# zsh completion for alphalora
_alphalora() {
  local -a found
  found=("\${(@f)$(command alphalora completion zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -z "$found[1]" ]]; then
    _files
  elif [[ "$found[1]" == ':' ]]; then
    return 1
  else
    _describe -V alphalora found
  fi
}
if [[ "$funcstack[1]" == _alphalora ]]; then
  _alphalora "$@"
else
  compdef _alphalora alphalora
fi
`,
  fish: `# fish completion for alphalora
function __alphalora_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found (command alphalora completion fish -- $words[2..-1] "$current" 2>/dev/null)
    if test (count $found) -eq 0
        __fish_complete_path "$current"
    else if test "$found[1]" != ':'
        printf '%s\\n' $found
    end
end
complete -c alphalora -f -a '(__alphalora_complete)'
`,
  // The current word goes behind an @, as Windows PowerShell leaves out empty arguments.
  powershell: `# PowerShell completion for alphalora
Register-ArgumentCompleter -Native -CommandName alphalora -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  alphalora completion powershell '--' @words "@$wordToComplete" 2>$null |
    Where-Object { $_ -ne ':' } | ForEach-Object {
      $value, $description = $_ -split "\`t", 2
      if (-not $description) { $description = $value }
      [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
    }
}
`,
};
