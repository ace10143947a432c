use async_trait::async_trait;
use voip_core::{
    Device, PhoneNumber, PushToken, Result, Timestamp, User, UserId,
    ports::{Registered, UserStore},
};
use voip_store::MemoryStore;
use voip_testkit::suites::user_store;

use crate::expect_caught;

/// What a saboteur does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Nothing,
    TakesNamesInAnyCase,
    FindsNoNumber,
    UpdatesNothing,
    UpdatesCreation,
    TakesTheDeviceAnyway,
    MovesTheNumber,
    KeepsOneDevice,
    ListsDevicesAtRandom,
    SharesTokens,
    ForgetsNoDevice,
    ClearsNothing,
}

#[derive(Debug)]
struct Saboteur {
    store: MemoryStore,
    fault: Fault,
}

impl Saboteur {
    fn does(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn name(&self, id: &UserId) -> UserId {
        match self.fault {
            Fault::TakesNamesInAnyCase => id
                .as_str()
                .to_lowercase()
                .parse()
                .expect("as long as before, or nearly"),
            _ => id.clone(),
        }
    }
}

#[async_trait]
impl UserStore for Saboteur {
    async fn register(&self, user: &User, device: Option<Device>) -> Result<Registered> {
        let mut user = User {
            id: self.name(&user.id),
            ..user.clone()
        };
        let mut device = device;
        let known = self.store.user(&user.id).await?;
        if self.does(Fault::UpdatesNothing) && known.is_some() {
            return Ok(Registered::Done);
        }
        if self.does(Fault::KeepsOneDevice) && device.is_some() {
            for old in self.store.devices(&user.id).await? {
                self.store.forget_device(&old.token).await?;
            }
        }
        if let Some(device) = &mut device
            && self.does(Fault::SharesTokens)
        {
            let token = format!("{}/{}", user.id.as_str(), device.token.expose());
            device.token = token.parse().expect("two short names");
        }
        let outcome = self.store.register(&user, device.clone()).await?;
        if outcome == Registered::NumberTaken {
            if self.does(Fault::TakesTheDeviceAnyway) {
                user.phone = known.and_then(|known| known.phone);
                self.store.register(&user, device).await?;
            } else if self.does(Fault::MovesTheNumber)
                && let Some(number) = &user.phone
                && let Some(holder) = self.store.user_by_number(number).await?
            {
                self.store
                    .register(
                        &User {
                            phone: None,
                            ..holder
                        },
                        None,
                    )
                    .await?;
                return self.store.register(&user, device).await;
            }
        }
        Ok(outcome)
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>> {
        let mut user = self.store.user(&self.name(id)).await?;
        if let Some(user) = &mut user
            && self.does(Fault::UpdatesCreation)
            && user
                .phone
                .as_ref()
                .is_some_and(|phone| phone.expose().ends_with('2'))
        {
            user.created_at = Timestamp::from_secs(1_800_000_000);
        }
        Ok(user)
    }

    async fn user_by_number(&self, number: &PhoneNumber) -> Result<Option<User>> {
        match self.fault {
            Fault::FindsNoNumber => Ok(None),
            _ => self.store.user_by_number(number).await,
        }
    }

    async fn devices(&self, user: &UserId) -> Result<Vec<Device>> {
        let mut devices = self.store.devices(user).await?;
        match self.fault {
            Fault::ListsDevicesAtRandom => devices.sort_by(|a, b| a.token.cmp(&b.token)),
            Fault::SharesTokens => {
                for device in &mut devices {
                    let (_, token) = device.token.expose().split_once('/').expect("put in above");
                    device.token = token.parse().expect("a token before");
                }
            }
            _ => {}
        }
        Ok(devices)
    }

    async fn forget_device(&self, token: &PushToken) -> Result<()> {
        match self.fault {
            Fault::ForgetsNoDevice => Ok(()),
            _ => self.store.forget_device(token).await,
        }
    }

    async fn clear_users(&self) -> Result<u64> {
        if self.does(Fault::ClearsNothing) {
            let one = "user0".parse().expect("a short name");
            return Ok(if self.store.user(&one).await?.is_some() {
                3
            } else {
                0
            });
        }
        self.store.clear_users().await
    }
}

async fn fresh() -> Saboteur {
    Saboteur {
        store: MemoryStore::default(),
        fault: Fault::Nothing,
    }
}

mod without_a_fault {
    voip_testkit::user_store_suite!(super::fresh);
}

/// For each fault a test that its case catches it.
macro_rules! caught {
    ($($fault:ident by $case:ident as $test:ident;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let store = Saboteur { fault: Fault::$fault, ..fresh().await };
                expect_caught(async move { user_store::$case(&store).await }).await;
            }
        )+
    };
}

caught! {
    TakesNamesInAnyCase by a_registered_user_is_found_by_name_and_by_number
        as names_in_any_case_are_caught;
    FindsNoNumber by a_registered_user_is_found_by_name_and_by_number
        as a_number_that_rings_nobody_is_caught;
    UpdatesNothing by registering_again_updates as a_missing_update_is_caught;
    UpdatesCreation by registering_again_updates as a_second_creation_is_caught;
    TakesTheDeviceAnyway by a_number_of_another_user_is_taken as half_a_registration_is_caught;
    MovesTheNumber by a_number_of_another_user_is_taken as a_stolen_number_is_caught;
    KeepsOneDevice by a_user_may_have_many_devices as a_lost_device_is_caught;
    ListsDevicesAtRandom by a_user_may_have_many_devices as devices_out_of_order_are_caught;
    SharesTokens by a_token_moves_to_the_user_who_registered_it_last as a_shared_token_is_caught;
    ForgetsNoDevice by a_forgotten_device_stays_forgotten as a_remembered_device_is_caught;
    ClearsNothing by clearing_users_leaves_none as clearing_nothing_is_caught;
}
