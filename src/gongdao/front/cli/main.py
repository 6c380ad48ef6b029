"""Entry point of ``gongdao``: the command tree, and errors that say what to do.

Commands import what they need when they run, so that ``gongdao --help`` starts at once.
"""

from __future__ import annotations

import io
import os
import re
import signal
import sys
from contextlib import suppress
from typing import NoReturn

import typer
from typer import Abort
from typer._click.exceptions import ClickException, NoArgsIsHelpError
from typer._click.utils import PacifyFlushWrapper

from gongdao.core.errors import GongdaoError
from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.core.os_errors import os_reason
from gongdao.front.cli.anchor_command import check_anchor
from gongdao.front.cli.api_key_commands import api_key_app
from gongdao.front.cli.backup_commands import backup, export_case, import_case, restore
from gongdao.front.cli.bench_commands import bench_app
from gongdao.front.cli.bench_disputes_command import bench_disputes
from gongdao.front.cli.case_commands import case_app
from gongdao.front.cli.chat_commands import chat_app
from gongdao.front.cli.demo_command import demo_market
from gongdao.front.cli.dispute_commands import dispute_app
from gongdao.front.cli.guide_command import guide
from gongdao.front.cli.keys_commands import keys_app
from gongdao.front.cli.ledger_commands import ledger_app
from gongdao.front.cli.log_commands import log_app
from gongdao.front.cli.log_key_commands import key_of_log, rotate_key
from gongdao.front.cli.log_watch_commands import audit, witness
from gongdao.front.cli.move_commands import move_app
from gongdao.front.cli.options import escape_controls
from gongdao.front.cli.rules_commands import rules_app
from gongdao.front.cli.server_commands import serve, web, worker
from gongdao.front.cli.staff_commands import staff_app
from gongdao.front.cli.stock_commands import stock_app

app = typer.Typer(
    name="gongdao",
    help="公道：卡密交易维权。Complaint workbench for card secrets.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(case_app, name="case", help="案件：从几张截图到一份封存的卷宗。Cases.")
app.add_typer(chat_app, name="chat", help="聊天：每句话算什么。Chat lines.")
app.add_typer(stock_app, name="stock", help="卡密库：导入、核对。Card secrets.")
app.add_typer(keys_app, name="keys", help="主密钥：换新、核对、抄一份。Master keys.")
app.add_typer(move_app, name="move-in", help="把别的卡店搬过来。Move a shop in.")
app.add_typer(staff_app, name="staff", help="谁在运营台工作，能做什么。Who runs the market.")
app.add_typer(ledger_app, name="ledger", help="账目：试算、对账单、付款。Money.")
app.add_typer(dispute_app, name="disputes", help="争议：重数限制。Disputes as a whole.")
app.add_typer(api_key_app, name="api-key", help="接口密钥：做、看、作废。Keys of the API.")
app.add_typer(log_app, name="log", help="公开日志：导出、补回、状态。The public log.")
app.add_typer(bench_app, name="bench", help="测速：这台机器有多快。How fast this machine is.")
app.add_typer(rules_app, name="rules", help="规则：法律、渠道和我们自己的规则，带日期。Rules.")
log_app.command("key", help="日志的公钥，写进信任文件。The public key.")(key_of_log)
log_app.command("rotate-key", help="换签名密钥，旧回执仍有效。Change the key.")(rotate_key)
bench_app.command("disputes", help="争议：判多快、扫多快。How fast disputes are.")(bench_disputes)
log_app.command("witness", help="见证一本日志：接得上的检查点才签。Cosign a log.")(witness)
log_app.command("audit", help="从头检查一本日志，全对才签名。Check a whole log.")(audit)
log_app.command("check-anchor", help="到链上核对回执。A receipt's transactions.")(check_anchor)
app.command("guide", help="按原因看指南：存什么、问什么、去哪里。Guide for one reason.")(guide)
app.command("serve", help="启动网页和后台任务。Pages, worker and database.")(serve)
app.command("web", help="只启动网页。The pages alone.")(web)
app.command("worker", help="只启动后台任务。The worker alone.")(worker)
app.command("demo-market", help="试用：三个商家、商品和订单。A market to try out.")(demo_market)
app.command("backup", help="备份数据库和文件。Back up database and files.")(backup)
app.command("restore", help="从备份恢复。Restore a backup.")(restore)
case_app.command("import", help="把案件文件夹放到服务器上。Onto the server.")(import_case)
case_app.command("export", help="从服务器导出案件文件夹。Off the server.")(export_case)


def main() -> None:
    """Run the command line; every expected failure is one sentence and an exit code."""
    _speak_utf8()
    try:
        code = app(standalone_mode=False)
        # The work is done: an interrupt from here on has nothing to stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stdout.flush()
    except GongdaoError as error:
        _leave(str(error), error.exit_code)
    except NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        code = error.exit_code
    except ClickException as error:
        _leave(_say_usage(error), error.exit_code)
    except BrokenPipeError:
        _leave_quietly()
    except SystemExit as left:
        if isinstance(sys.stdout, PacifyFlushWrapper):
            _leave_quietly()
        raise left from None
    except (OSError, UnicodeEncodeError) as error:
        _leave(_say_os_error(error), 2)
    except (Abort, KeyboardInterrupt):
        code = 130
    except ImportError as error:
        if not _interrupted(error):  # Ctrl-C inside a compiled module comes out as this
            raise
        code = 130
    if code == 130:
        _leave(_("已中断；已写好的文件是完整的。"), 130)
    raise SystemExit(code if isinstance(code, int) else 0)


def _speak_utf8() -> None:
    """Output is UTF-8 wherever it goes; what UTF-8 cannot hold is shown escaped."""
    if sys.stdout is None:  # started with its output closed
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for the whole run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _interrupted(error: BaseException) -> bool:
    cause = error.__cause__ or error.__context__
    return isinstance(cause, KeyboardInterrupt) or (cause is not None and _interrupted(cause))


def _leave(text: str, code: int) -> NoReturn:
    with suppress(OSError):
        if sys.stderr is not None and sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")  # over a progress line
        print(_("错误：{text}").format(text=escape_controls(text)), file=sys.stderr, flush=True)
    raise SystemExit(code)


def _leave_quietly() -> NoReturn:
    """The reader went away (``| head``): nothing is wrong, and nobody is left to tell."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    raise SystemExit(0)


_USAGE: tuple[tuple[str, str], ...] = (
    (r"Missing (?:argument|option|parameter) ['\"]?(.+?)['\"]?\.?$", mark("缺少 {name}")),
    (r"No such command ['\"](.+?)['\"]", mark("没有这个命令：{name}")),
    (r"No such option:? ['\"]?([^\s'\"]+)", mark("没有这个选项：{name}")),
    (r"Invalid value for ['\"]?(.+?)['\"]?: ", mark("{name} 的值不能用")),
    (r"Got unexpected extra argument.*?\((.*)\)", mark("多出来的参数：{name}")),
    (r"Option ['\"]?(.+?)['\"]? requires", mark("{name} 后面要写一个值")),
)
"""What the command parser says (in English), and how we say it."""


def _say_usage(error: ClickException) -> str:
    """What is wrong with the words of the command, and where its help is."""
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "gongdao"
    text = error.format_message()
    said = text.rstrip(".")
    for pattern, message in _USAGE:
        if match := re.match(pattern, text):
            rest = text[match.end() :].strip(" .")
            said = translated(message).format(name=match[1]) + (
                f" ({rest.strip('()')})" * bool(rest)
            )
            break
    return f"{said}. {_('运行 {command} --help 看用法。').format(command=where)}"


def _say_os_error(error: OSError | UnicodeEncodeError) -> str:
    """The file and the reason, in the language in use."""
    if isinstance(error, UnicodeEncodeError):
        return _("文件名里有不能用的字符：{name}").format(name=ascii(error.object)[:80])
    reason = os_reason(error)
    return f"{error.filename}: {reason}" if error.filename else reason
