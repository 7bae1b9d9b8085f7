use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::console::Console;
use super::failure::Failure;

/// Print completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  passrig completions bash > ~/.local/share/bash-completion/completions/passrig
  passrig completions zsh > ~/.zfunc/_passrig        # with ~/.zfunc in fpath
  passrig completions fish > ~/.config/fish/completions/passrig.fish
  passrig completions powershell >> $PROFILE
  passrig completions elvish >> ~/.config/elvish/rc.elv";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "passrig", &mut script);
    console.print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
