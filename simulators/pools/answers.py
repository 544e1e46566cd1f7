"""The practice account in the words of each pool."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

from .account import Found, Paid, PracticeAccount

type Json = dict[str, object]
CHAIN_PAGE = 25
_SUFFIXES = ("", "K", "M", "G", "T", "P", "E")
_ELSEWHERE = "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3"
_POOL_FEE_SAT = 2_000
_DAY_S = 86_400


def btc(sat: int) -> str:
    """Return sat as pools write BTC."""
    return f"{Decimal(sat) / 100_000_000:.8f}"


def suffixed(value: float) -> str:
    """Return a hash rate as CKPool writes it: three or four digits and a suffix."""
    power = 0
    while value >= 1000 and power < len(_SUFFIXES) - 1:
        value, power = value / 1000, power + 1
    return f"{value:.3g}{_SUFFIXES[power]}" if value < 100 else f"{value:.0f}{_SUFFIXES[power]}"


def epoch(at: datetime) -> int:
    """Return s since 1970."""
    return int(at.timestamp())


def ckpool_user(account: PracticeAccount) -> Json:
    """Return /users/ADDRESS of CKPool."""
    rate = suffixed(account.hash_rate_hs)
    common: Json = {f"hashrate{span}": rate for span in ("1m", "5m", "1hr", "1d", "7d")} | {
        "lastshare": epoch(account.last_share_at),
        "shares": 48_213_067,
        "bestshare": account.best_difficulty / 2,
        "bestever": int(account.best_difficulty),
    }
    worker = {"workername": f"{account.address}.heater"}
    return common | {"workers": account.workers, "authorised": 1_760_000_000, "worker": [worker | common]}


def public_pool_client(account: PracticeAccount) -> Json:
    """Return /api/client/ADDRESS of Public-Pool."""
    workers = [
        {
            "sessionId": f"{number:08x}",
            "name": f"heater{number}",
            "bestDifficulty": f"{account.best_difficulty / (number + 1):.2f}",
            "hashRate": account.hash_rate_hs / account.workers,
            "startTime": "2026-10-01T00:00:00.000Z",
            "lastSeen": account.last_share_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        for number in range(account.workers)
    ]
    return {"bestDifficulty": account.best_difficulty, "workersCount": account.workers, "workers": workers}


def ocean_hashrate(account: PracticeAccount) -> Json:
    """Return user_hashrate of OCEAN."""
    rates = {f"hashrate_{span}s": account.hash_rate_hs for span in (60, 300, 600, 3600, 86_400)}
    return {"result": rates | {"active_worker_count": account.workers}}


def ocean_statsnap(account: PracticeAccount) -> Json:
    """Return statsnap of OCEAN."""
    return {
        "result": {
            "unpaid": btc(account.unpaid_sat),
            "estimated_earn_next_block": btc(12),
            "estimated_total_earn_next_block": btc(account.unpaid_sat + 12),
            "lastest_share_ts": epoch(account.last_share_at),
        }
    }


def ocean_earnpay(account: PracticeAccount, start_s: int, end_s: int) -> Json:
    """Return earnpay of OCEAN between two moments, from the beginning of the first one's day."""
    payouts = [
        {
            "ts": epoch(paid.at),
            "total_satoshis_net_paid": paid.sat,
            "on_chain_txid": None if paid.lightning else paid.payment_id,
            "lightning_txid": paid.payment_id if paid.lightning else None,
        }
        for paid in account.payouts
        if start_s // _DAY_S * _DAY_S <= epoch(paid.at) <= end_s
    ]
    return {"result": {"earnings": [], "payouts": payouts}}


def braiins_profile(account: PracticeAccount) -> Json:
    """Return the profile of Braiins Pool."""
    rate_ghs = account.hash_rate_hs / 1e9
    rates = {f"hash_rate_{span}": rate_ghs for span in ("5m", "60m", "24h", "scoring", "yesterday")}
    return {
        "username": account.user,
        "btc": {
            "all_time_reward": btc(account.credited_sat),
            "current_balance": btc(account.unpaid_sat),
            "estimated_reward": btc(1000),
            "hash_rate_unit": "Gh/s",
            "ok_workers": account.workers,
            "off_workers": 0,
        }
        | rates,
    }


def braiins_rewards(account: PracticeAccount, first: date, today: date) -> Json:
    """Return the closed days of Braiins Pool, newest first."""
    rewards = [
        {
            "date": epoch(datetime.combine(day, time(), UTC)),
            "total_reward": btc(sat),
            "mining_reward": btc(sat),
        }
        for day, sat in sorted(account.days.items(), reverse=True)
        if first <= day < today
    ]
    return {"btc": {"daily_rewards": rewards}}


def braiins_payouts(account: PracticeAccount) -> Json:
    """Return the payouts of Braiins Pool."""

    def row(paid: Paid) -> Json:
        return {
            "financial_account_name": "home",
            "requested_at_ts": epoch(paid.at) - 600,
            "resolved_at_ts": epoch(paid.at) if paid.confirmed else None,
            "status": "confirmed" if paid.confirmed else "queued",
            "amount_sats": paid.sat,
            "tx_id": None if paid.lightning else paid.payment_id,
        }

    return {
        "onchain": [row(paid) for paid in account.payouts if not paid.lightning],
        "lightning": [row(paid) for paid in account.payouts if paid.lightning],
    }


def nicehash_rigs(account: PracticeAccount) -> Json:
    """Return rigs2 of NiceHash."""
    return {
        "externalAddress": True,
        "externalBalance": "0.00000000",
        "unpaidAmount": btc(account.unpaid_sat),
        "totalRigs": account.workers,
        "miningRigs": [{"rigId": f"0-{number}", "minerStatus": "MINING"} for number in range(account.workers)],
    }


def nicehash_withdrawals(account: PracticeAccount) -> Json:
    """Return the withdrawals of NiceHash."""
    listed = [
        {
            "id": paid.payment_id,
            "createdTs": epoch(paid.at) * 1000,
            "currency": {"enumName": "BTC", "description": "BTC"},
            "amount": btc(paid.sat),
            "status": {"code": "COMPLETED" if paid.confirmed else "PROCESSING"},
        }
        for paid in account.payouts
    ]
    return {"list": listed, "pagination": {"size": 100, "page": 0, "totalPageCount": 1}}


def f2pool_hash_rate(account: PracticeAccount) -> Json:
    """Return hash_rate/info of F2Pool."""
    rates = dict.fromkeys(("hash_rate", "h1_hash_rate", "h24_hash_rate"), account.hash_rate_hs)
    return {"info": rates | {"name": account.user, "h1_stale_hash_rate": 0}, "currency": "bitcoin"}


def f2pool_balance(account: PracticeAccount, today: date) -> Json:
    """Return assets/balance of F2Pool: numbers of BTC."""
    yesterday = date.fromordinal(today.toordinal() - 1)
    return {
        "balance_info": {
            "balance": float(btc(account.unpaid_sat)),
            "paid": float(btc(account.paid_sat)),
            "total_income": float(btc(account.credited_sat)),
            "yesterday_income": float(btc(account.days.get(yesterday, 0))),
            "estimated_today_income": 0.00001,
        }
    }


def chain_transactions(account: PracticeAccount, after: str | None) -> list[Json]:
    """Return a page of the transactions of the address, newest first, those in no block before all others."""
    paid = [paid for paid in account.payouts if not paid.lightning]
    waiting = [_payment(account, payout) for payout in reversed(paid) if not payout.confirmed]
    done = [(payout.at, _payment(account, payout)) for payout in paid if payout.confirmed]
    done += [(found.at, _coinbase(account, found)) for found in account.blocks]
    confirmed = [transaction for _, transaction in sorted(done, key=lambda pair: pair[0], reverse=True)]
    if after is None:
        return waiting + confirmed[:CHAIN_PAGE]
    start = 1 + next(index for index, transaction in enumerate(confirmed) if transaction["txid"] == after)
    return confirmed[start : start + CHAIN_PAGE]


def _payment(account: PracticeAccount, paid: Paid) -> Json:
    """Return a transaction in which a pool pays us and others."""
    status: Json = {"confirmed": False}
    if paid.confirmed:
        status = {"confirmed": True, "block_time": epoch(paid.at), "block_height": 900_000, "block_hash": "00" * 32}
    return {
        "txid": paid.payment_id,
        "vin": [{"is_coinbase": False, "prevout": {"scriptpubkey_address": _ELSEWHERE, "value": paid.sat * 3}}],
        "vout": [
            {"scriptpubkey_address": _ELSEWHERE, "value": paid.sat * 2 - _POOL_FEE_SAT},
            {"scriptpubkey_address": account.address, "value": paid.sat},
        ],
        "status": status,
    }


def _coinbase(account: PracticeAccount, found: Found) -> Json:
    """Return the transaction in which a block pays us."""
    return {
        "txid": found.block_hash[::-1],
        "vin": [{"is_coinbase": True, "prevout": None}],
        "vout": [{"scriptpubkey_address": account.address, "value": found.sat}, {"value": 0}],
        "status": {
            "confirmed": True,
            "block_time": epoch(found.at),
            "block_height": found.height,
            "block_hash": found.block_hash,
        },
    }
