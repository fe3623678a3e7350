//! Cryptocurrency addresses, each with the checksum that its coin defines. Without it any long word would pass.

use sha2::{Digest, Sha256};

/// An address whose checksum holds, in its one spelling.
pub(super) fn wallet(value: &str) -> Option<String> {
    let bare = value.strip_prefix("bitcoin:").or_else(|| value.strip_prefix("ethereum:")).unwrap_or(value);
    base58check(bare).or_else(|| bech32(bare)).or_else(|| ethereum(bare))
}

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Version bytes of pay-to-key and pay-to-script addresses: Bitcoin, Litecoin, Dogecoin, Dash, Tron.
const VERSIONS: &[u8] = &[0x00, 0x05, 0x30, 0x32, 0x1e, 0x16, 0x4c, 0x10, 0x41];

/// Base58Check: 25 bytes, the last four the start of a double SHA-256 of the others.
fn base58check(value: &str) -> Option<String> {
    if !(26..=35).contains(&value.len()) {
        return None;
    }
    let mut bytes = [0_u8; 25];
    for c in value.bytes() {
        let mut carry = u32::try_from(BASE58.iter().position(|b| *b == c)?).ok()?;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    // Each leading zero byte is written as one `1`; otherwise one address would have many spellings.
    let ones = value.bytes().take_while(|b| *b == b'1').count();
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    let (payload, check) = bytes.split_at(21);
    let twice = Sha256::digest(Sha256::digest(payload));
    let right = ones == zeros && payload.first().is_some_and(|v| VERSIONS.contains(v)) && twice.iter().zip(check).all(|(a, b)| a == b);
    right.then(|| value.to_owned())
}

const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Bech32 and Bech32m (BIP 173, BIP 350) of Bitcoin and Litecoin, in lower case.
fn bech32(value: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    if lower != value && value.to_ascii_uppercase() != value {
        return None;
    }
    let (prefix, data) = lower.split_once('1')?;
    if !matches!(prefix, "bc" | "tb" | "ltc") || !(14..=74).contains(&data.len()) {
        return None;
    }
    let mut check = 1_u32;
    for c in prefix.bytes() {
        check = polymod(check, u32::from(c >> 5));
    }
    check = polymod(check, 0);
    for c in prefix.bytes() {
        check = polymod(check, u32::from(c & 31));
    }
    for c in data.bytes() {
        check = polymod(check, u32::try_from(BECH32.iter().position(|b| *b == c)?).ok()?);
    }
    matches!(check, 1 | 0x2bc8_30a3).then_some(lower)
}

fn polymod(check: u32, value: u32) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = check >> 25;
    let next = ((check & 0x01ff_ffff) << 5) ^ value;
    GENERATOR.iter().enumerate().fold(next, |sum, (bit, word)| if (top >> bit) & 1 == 1 { sum ^ word } else { sum })
}

/// An Ethereum address in the mixed case of EIP-55; text all in one case carries no checksum and is taken as it is.
fn ethereum(value: &str) -> Option<String> {
    let digits = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"))?;
    if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    let hash = keccak256(lower.as_bytes());
    let mixed: String = lower
        .chars()
        .enumerate()
        .map(|(i, c)| {
            let byte = hash.get(i / 2).copied().unwrap_or(0);
            let nibble = if i % 2 == 0 { byte >> 4 } else { byte & 15 };
            if nibble >= 8 { c.to_ascii_uppercase() } else { c }
        })
        .collect();
    let right = digits == lower || digits == digits.to_ascii_uppercase() || digits == mixed;
    right.then(|| format!("0x{mixed}"))
}

/// Keccak-256 as Ethereum uses it (FIPS 202's permutation with the padding from before it), for messages shorter than one block.
fn keccak256(message: &[u8]) -> [u8; 32] {
    const RATE: usize = 136;
    let mut block = [0_u8; RATE];
    for (to, from) in block.iter_mut().zip(message.iter().take(RATE - 1)) {
        *to = *from;
    }
    if let Some(end) = block.get_mut(message.len().min(RATE - 1)) {
        *end ^= 0x01;
    }
    if let Some(last) = block.last_mut() {
        *last ^= 0x80;
    }
    let mut state = [0_u64; 25];
    for (lane, bytes) in state.iter_mut().zip(block.as_chunks::<8>().0) {
        *lane = u64::from_le_bytes(*bytes);
    }
    keccak_f(&mut state);
    let mut out = [0_u8; 32];
    for (to, lane) in out.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        *to = lane.to_le_bytes();
    }
    out
}

/// The permutation Keccak-f[1600] of FIPS 202, section 3.3. All indices are constants or below their modulus.
#[allow(clippy::indexing_slicing)]
fn keccak_f(state: &mut [u64; 25]) {
    const ROTATION: [u32; 24] = [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];
    const LANE: [usize; 24] = [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];
    let mut lfsr = 1_u8;
    for _ in 0..24 {
        let mut parity = [0_u64; 5];
        for (x, p) in parity.iter_mut().enumerate() {
            *p = (0..5).fold(0, |sum, y| sum ^ state[x + 5 * y]);
        }
        for x in 0..5 {
            let mix = parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotate_left(1);
            for y in 0..5 {
                state[x + 5 * y] ^= mix;
            }
        }
        let mut moved = state[1];
        for (lane, by) in LANE.into_iter().zip(ROTATION) {
            let kept = state[lane];
            state[lane] = moved.rotate_left(by);
            moved = kept;
        }
        for y in 0..5 {
            let row: [u64; 5] = std::array::from_fn(|x| state[x + 5 * y]);
            for x in 0..5 {
                state[x + 5 * y] = row[x] ^ (!row[(x + 1) % 5] & row[(x + 2) % 5]);
            }
        }
        // The round constants come from the shift register of FIPS 202, algorithm 5.
        for j in 0..7_u32 {
            if lfsr & 1 == 1 {
                state[0] ^= 1 << ((1_u32 << j) - 1);
            }
            lfsr = if lfsr & 0x80 == 0 { lfsr << 1 } else { (lfsr << 1) ^ 0x71 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keccak_of_nothing_is_as_published() {
        assert_eq!(crate::text::hex(&keccak256(b"")), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    }

    #[test]
    fn checksums_are_checked() {
        // The examples of the Bitcoin wiki, BIP 173, BIP 350 and EIP-55.
        for right in [
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        ] {
            assert_eq!(wallet(right).as_deref(), Some(right));
        }
        assert_eq!(wallet("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed").as_deref(), Some("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
        for wrong in [
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",
            "11111111111111111111111111",
        ] {
            assert_eq!(wallet(wrong), None, "{wrong}");
        }
    }
}
