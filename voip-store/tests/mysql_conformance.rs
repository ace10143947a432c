//! The MySQL and MariaDB adapter keeps the promises of its ports.

#![cfg(feature = "mysql")]

mod servers;

use servers::{OrSkipped, mysql::MySqlFixture};

async fn store() -> OrSkipped<MySqlFixture> {
    MySqlFixture::fresh().await.into()
}

mod accounts {
    voip_testkit::account_store_suite!(super::store);
}

mod archives {
    voip_testkit::archive_suite!(super::store);
}

mod calls {
    voip_testkit::call_store_suite!(super::store);
}

mod users {
    voip_testkit::user_store_suite!(super::store);
}
