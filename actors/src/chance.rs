//! Chance for secrets, from the operating system. Decisions never ask for it: what they need
//! arrives in the command.

/// The operating system has no chance to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random generator does not answer")]
pub struct NoChance;

/// Bytes that nobody can guess.
pub fn secret_bytes<const N: usize>() -> Result<[u8; N], NoChance> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|_| NoChance)?;
    Ok(bytes)
}
