"""One result for many."""

import asyncio

from addon.shared import Shared


class Maker:
    """Makes results, one when it is let."""

    def __init__(self) -> None:
        self.made = 0
        self.may = asyncio.Event()

    async def make(self) -> int:
        self.made += 1
        await self.may.wait()
        return self.made


async def test_many_who_ask_at_once_share_one_result_which_outlives_who_asked_first() -> None:
    maker, shared = Maker(), Shared[int]("test", 60)
    first, *others = [asyncio.create_task(shared.get(maker.make)) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()
    maker.may.set()
    assert await asyncio.gather(*others) == [1] * 4
    assert await shared.get(maker.make) == 1


async def test_a_result_is_good_for_longer_where_it_says_so() -> None:
    maker, shared = Maker(), Shared[int]("test", 1e-9, lambda result: 60 if result == 2 else 0)
    maker.may.set()
    assert [await shared.get(maker.make) for _ in range(4)] == [1, 2, 2, 2]


async def test_without_time_nothing_is_shared() -> None:
    maker, shared = Maker(), Shared[int]("test", 0)
    maker.may.set()
    assert [await shared.get(maker.make) for _ in range(3)] == [1, 2, 3]


async def test_a_failure_is_told_to_all_who_wait_and_not_kept() -> None:
    shared = Shared[int]("test", 60)
    failing = asyncio.Event()

    async def fail() -> int:
        await failing.wait()
        raise ValueError("broken")

    waiting = [asyncio.create_task(shared.get(fail)) for _ in range(3)]
    await asyncio.sleep(0)
    failing.set()
    assert [str(error) for error in await asyncio.gather(*waiting, return_exceptions=True)] == ["broken"] * 3
    maker = Maker()
    maker.may.set()
    assert await shared.get(maker.make) == 1
