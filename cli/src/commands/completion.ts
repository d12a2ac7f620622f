/** `banyan completion SHELL`: a script that completes commands, options and stages, made from the command tree itself. */

import { stageNames } from "@banyan/routing-rules";
import { Argument, type Command } from "commander";
import type { Session } from "../session.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

type Entry = {
  readonly name: string;
  readonly about: string;
  /** Sub-commands, or the words its arguments may be. */
  readonly words: readonly string[];
  readonly options: readonly { readonly flag: string; readonly about: string }[];
};

export function addCompletion(program: Command, session: Session): void {
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(shells))
    .description("print a script that completes commands in your shell")
    .addHelpText(
      "after",
      `
Use it:
  bash   source <(banyan completion bash)
  zsh    source <(banyan completion zsh)     (after compinit)
  fish   banyan completion fish | source`,
    )
    .action((shell: Shell) => {
      const script = scripts[shell](entriesOf(program), flagsOf([program]));
      session.answer({ data: { shell, script }, text: script });
    });
}

function entriesOf(program: Command): Entry[] {
  return program.commands.map((command) => ({
    name: command.name(),
    about: command.description(),
    words: [
      ...command.commands.map((sub) => sub.name()),
      ...(command.name() === "stage" ? stageNames : []),
      ...(command.name() === "completion" ? shells : []),
    ],
    options: flagsOf([command, ...command.commands]),
  }));
}

function flagsOf(commands: readonly Command[]): Entry["options"] {
  const flags = commands
    .flatMap((command) => command.options)
    .map((option) => [option.long ?? option.flags, option.description] as const);
  return [...new Map([...flags, ["--help", "explain the command"]])].map(([flag, about]) => ({ flag, about }));
}

const list = (words: readonly string[]): string => words.join(" ");
const quoted = (text: string): string => `'${text.replaceAll("'", "’")}'`;

const scripts: Readonly<Record<Shell, (entries: readonly Entry[], globals: Entry["options"]) => string>> = {
  bash: (entries, globals) => `_banyan() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  case "\${COMP_WORDS[1]}" in
${entries.map((one) => `    ${one.name}) words="${list([...one.words, ...one.options.map(({ flag }) => flag)])}" ;;`).join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${list(entries.map(({ name }) => name))}"; fi
  COMPREPLY=($(compgen -W "$words ${list(globals.map(({ flag }) => flag))}" -- "$word"))
}
complete -o default -F _banyan banyan`,
  zsh: (entries, globals) => `_banyan() {
  local -a commands words
  commands=(${entries.map((one) => quoted(`${one.name}:${one.about.replaceAll(":", "\\:")}`)).join(" ")})
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[2]" in
${entries.map((one) => `    ${one.name}) compadd -- ${list([...one.words, ...one.options.map(({ flag }) => flag)])} ;;`).join("\n")}
  esac
  compadd -- ${list(globals.map(({ flag }) => flag))}
  _files
}
compdef _banyan banyan`,
  fish: (entries, globals) =>
    [
      ...entries.map((one) => `complete -c banyan -n __fish_use_subcommand -a ${one.name} -f -d ${quoted(one.about)}`),
      ...entries.flatMap((one) => [
        ...(one.words.length > 0
          ? [`complete -c banyan -n '__fish_seen_subcommand_from ${one.name}' -a ${quoted(list(one.words))}`]
          : []),
        ...one.options.map(
          ({ flag, about }) =>
            `complete -c banyan -n '__fish_seen_subcommand_from ${one.name}' -l ${flag.slice(2)} -d ${quoted(about)}`,
        ),
      ]),
      ...globals.map(({ flag, about }) => `complete -c banyan -l ${flag.slice(2)} -d ${quoted(about)}`),
    ].join("\n"),
};
