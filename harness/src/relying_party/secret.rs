//! What people type, as it is kept: nobody can read it back.

use pbkdf2::pbkdf2_hmac_array;
use sha2::Sha256;

/// Rounds of PBKDF2: a test is long enough as it is. Something that guards
/// anything takes a hundred times as many.
const ROUNDS: u32 = 5_000;

/// How many recovery codes there are.
const CODES: usize = 10;

/// Letters and digits that are not taken for each other.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

#[derive(Clone, Debug)]
pub(super) struct Password {
    salt: Vec<u8>,
    hash: [u8; 32],
}

impl Password {
    pub(super) fn new(text: &str, salt: Vec<u8>) -> Self {
        Self { hash: slow_hash(text, &salt), salt }
    }

    /// One that nobody has: it takes the same time to be wrong.
    pub(super) fn decoy() -> Self {
        Self { salt: vec![0; 16], hash: [0; 32] }
    }

    pub(super) fn is(&self, text: &str) -> bool {
        slow_hash(text, &self.salt) == self.hash
    }
}

/// The recovery codes of one account.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    salt: Vec<u8>,
    unused: Vec<[u8; 32]>,
}

impl Codes {
    pub(super) fn new(codes: &[String], salt: Vec<u8>) -> Self {
        let unused = codes.iter().map(|code| slow_hash(code, &salt)).collect();
        Self { salt, unused }
    }

    /// None at all: it takes the same time to find nothing.
    pub(super) fn decoy() -> Self {
        Self { salt: vec![0; 16], unused: Vec::new() }
    }

    pub(super) fn left(&self) -> usize {
        self.unused.len()
    }

    /// The hash of the code, by which it is spent; however the code is typed.
    pub(super) fn find(&self, typed: &str) -> Option<[u8; 32]> {
        let letters: String = typed.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let hash = slow_hash(&grouped(&letters.to_lowercase()), &self.salt);
        self.unused.contains(&hash).then_some(hash)
    }

    pub(super) fn spend(&mut self, hash: &[u8]) -> bool {
        let before = self.unused.len();
        self.unused.retain(|unused| unused != hash);
        self.unused.len() < before
    }
}

/// Ten codes of sixty bits each, from bytes that are drawn for each.
pub(super) fn codes(draw: impl Fn(usize) -> Vec<u8>) -> Vec<String> {
    let letter = |octet: u8| ALPHABET.get(usize::from(octet % 32)).copied().map(char::from);
    let code = |number| draw(number).into_iter().filter_map(letter).collect::<String>();
    (0..CODES).map(|number| grouped(&code(number))).collect()
}

/// How many bytes a code is drawn from.
pub(super) const CODE_LENGTH: usize = 12;

/// Four by four, as people read and copy.
fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

fn slow_hash(text: &str, salt: &[u8]) -> [u8; 32] {
    pbkdf2_hmac_array::<Sha256, 32>(text.as_bytes(), salt, ROUNDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_passwords_do_not_match() {
        let password = Password::new("correct horse", vec![1; 16]);
        assert!(password.is("correct horse"));
        assert!(!password.is("correct horses"));
        assert!(!Password::decoy().is(""));
        assert_ne!(password.hash, Password::new("correct horse", vec![2; 16]).hash);
    }

    #[test]
    fn a_code_is_found_however_it_is_typed_and_spent_once() {
        let typed = codes(|number| (0..12).map(|place| number as u8 * 7 + place).collect());
        assert_eq!(typed.first().map(String::as_str), Some("abcd-efgh-jkmn"));
        assert_eq!(typed.len(), 10);
        let mut codes = Codes::new(&typed, vec![1; 16]);
        let hash = codes.find(" ABCD efghjkmn").unwrap();
        assert_eq!(codes.find("abcd-efgh-jkmm"), None);
        assert!(codes.spend(&hash) && !codes.spend(&hash));
        assert_eq!((codes.find("abcd-efgh-jkmn"), codes.left()), (None, 9));
    }
}
