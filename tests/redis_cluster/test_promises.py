"""What one server's vault, web and doors promise, a cluster's promise too: these are their tests.

Each takes what it needs from `settings`, which name a cluster here.
"""
# ruff: noqa: F401 - they run where they are imported, and so do their fixtures

from tests.bots.conftest import bot, telegram
from tests.bots.test_notices import (
    test_replicas_share_the_work_and_take_over,
    test_sender_is_told_once,
)
from tests.bots.test_telegram_requests import (
    test_list_shows_what_waits_and_revokes,
    test_what_came_while_the_bot_was_down_is_brought_once,
)
from tests.core.test_control import (
    test_lifetime_moves_both_ways_within_the_limit,
    test_password_needs_the_link_and_the_proof,
)
from tests.core.test_creations import (
    test_answered_event_is_a_duplicate,
    test_part_of_an_answered_whole_is_a_duplicate_and_a_late_one_is_not,
)
from tests.core.test_invitations import (
    test_owner_sees_their_own,
    test_revoked_takes_nothing,
)
from tests.core.test_limits import (
    processes,
    test_many_at_once_share_what_is_left,
    test_store_adds_up_what_lies_in_it,
    test_the_window_moves_with_the_clock_for_all_processes,
)
from tests.core.test_permit import (
    test_opening_too_many_leaves_the_secret_alone,
    test_permit_counts_once,
    test_secret_too_many_is_not_written,
)
from tests.core.test_receipts import (
    test_expiry_and_revoke_are_told,
    test_lost_bytes_are_told_once_and_nothing_is_destroyed,
    test_opening_that_was_confirmed,
    test_receipt_of_a_process_that_died_is_published_by_the_sweeper,
)
from tests.core.test_reception import test_of_many_uploads_at_once_one_is_used
from tests.core.test_senders import (
    test_forgetting_revokes_and_empties_the_list,
    test_reader_waits_for_news,
    test_senders_see_their_own_secrets_newest_first,
)
from tests.core.test_sweeper import (
    believing,
    test_live_secret_outlives_every_sweep,
    test_what_is_due_at_once_is_seen_to_side_by_side,
)
from tests.core.test_vault import (
    test_abandoned_creation_never_exists,
    test_expired_secret_says_so_and_goes,
    test_latch_survives_a_redis_that_forgot,
    test_of_many_parallel_openings_one_succeeds,
    test_sender_unlocks_three_times,
    test_wrong_passwords_in_parallel_are_evaluated_five_times,
)
from tests.web.test_admin import (
    browser,
    test_admin_signs_in_looks_burns_and_leaves,
    test_list_goes_on_where_a_page_ended,
)
from tests.web.test_http import (
    test_health_tells_the_truth,
    test_what_is_shared_is_peeked_opened_fetched_and_burned,
)
