//! Users, their devices and accounts, read from rows.

use voip_core::{Account, Device, PhoneNumber, User};

use super::call_row::{Columns, maybe_parsed, parsed, time};

/// Reads a user from a row of `id, phone, created_at`.
pub(crate) fn user<R: Columns>(row: &R) -> Result<User, R::Error> {
    let phone = row.text(1)?.map(PhoneNumber::from_e164).transpose();
    Ok(User {
        id: parsed(row, 0)?,
        phone: phone.map_err(|_| R::odd(1))?,
        created_at: time(row, 2)?,
    })
}

/// Reads a device from a row of `token, platform, last_seen`.
pub(crate) fn device<R: Columns>(row: &R) -> Result<Device, R::Error> {
    Ok(Device {
        token: parsed(row, 0)?,
        platform: parsed(row, 1)?,
        last_seen: time(row, 2)?,
    })
}

/// Reads an account from a row of `user_id, email, name, password, created_at`.
pub(crate) fn account<R: Columns>(row: &R) -> Result<Account, R::Error> {
    Ok(Account {
        user: parsed(row, 0)?,
        email: parsed(row, 1)?,
        name: maybe_parsed(row, 2)?,
        password: parsed(row, 3)?,
        created_at: time(row, 4)?,
    })
}
