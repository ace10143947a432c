use std::collections::{HashMap, HashSet};

use voip_core::{CallId, Device, PhoneNumber, ProviderCallId, User, UserId, ports::Held};

use super::{Connections, Fault, Find, Found, Server, Work};

/// Looks things up, many at a time: a statement costs more than a row.
pub(super) struct Reading<D: Server> {
    pub(super) connections: Connections<D>,
}

impl<D: Server> Work for Reading<D> {
    type Job = Find;
    type Done = Found;

    fn about(_: &Find) -> Option<CallId> {
        None
    }

    async fn run(&self, jobs: &[Find]) -> Result<Vec<Found>, Fault> {
        let mut lease = self.connections.lease().await?;
        let outcome = lease.clock().run(found::<D>(lease.db(), jobs)).await;
        lease.end(outcome)
    }
}

/// What is wanted, each kind together.
#[derive(Default)]
struct Wanted<'a> {
    calls: Vec<CallId>,
    legs: Vec<&'a ProviderCallId>,
    numbers: Vec<&'a PhoneNumber>,
    devices: Vec<&'a UserId>,
    reports: Vec<&'a ProviderCallId>,
}

impl<'a> Wanted<'a> {
    fn of(jobs: &'a [Find]) -> Self {
        let mut wanted = Self::default();
        for job in jobs {
            match job {
                Find::Call(id) => wanted.calls.push(*id),
                Find::Leg(leg) => wanted.legs.push(leg),
                Find::Number(number) => wanted.numbers.push(number),
                Find::Devices(user) => wanted.devices.push(user),
                Find::Reports(leg) => wanted.reports.push(leg),
            }
        }
        wanted
    }
}

async fn found<D: Server>(
    db: &mut D::Connection,
    jobs: &[Find],
) -> Result<Vec<Found>, sqlx::Error> {
    let wanted = Wanted::of(jobs);
    let (mut calls, mut legs) = (HashMap::new(), HashMap::new());
    let (mut users, mut devices) = (HashMap::new(), HashMap::<UserId, Vec<Device>>::new());
    let mut reported = HashSet::new();
    if !wanted.calls.is_empty() {
        let found: Vec<Held> = D::calls(db, &wanted.calls).await?;
        calls.extend(found.into_iter().map(|held| (held.call.id, held)));
    }
    if !wanted.legs.is_empty() {
        let found = D::calls_by_leg(db, &wanted.legs).await?;
        let by_leg = |held: Held| Some((held.call.provider_id.clone()?, held));
        legs.extend(found.into_iter().filter_map(by_leg));
    }
    if !wanted.numbers.is_empty() {
        let found = D::users_by_number(db, &wanted.numbers).await?;
        let by_number = |user: User| Some((user.phone.clone()?, user));
        users.extend(found.into_iter().filter_map(by_number));
    }
    if !wanted.devices.is_empty() {
        for (user, device) in D::devices(db, &wanted.devices).await? {
            devices.entry(user).or_default().push(device);
        }
    }
    if !wanted.reports.is_empty() {
        reported.extend(D::reported(db, &wanted.reports).await?);
    }
    let found = jobs.iter().map(|job| match job {
        Find::Call(id) => Found::Call(calls.get(id).cloned()),
        Find::Leg(leg) => Found::Call(legs.get(leg).cloned()),
        Find::Number(number) => Found::User(users.get(number).cloned()),
        Find::Devices(user) => Found::Devices(devices.get(user).cloned().unwrap_or_default()),
        Find::Reports(leg) => Found::Reports(reported.contains(leg)),
    });
    Ok(found.collect())
}
