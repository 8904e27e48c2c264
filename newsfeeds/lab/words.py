"""
The words of the report, English and Chinese: the same page twice, each as its readers would write it.
"""

Words = dict[str, str]

ENGLISH: Words = {
    "page": """# The feed laboratory

Pull or push? One recorded trace, played through the real services once per strategy. [中文](report.zh-CN.md)

## Which strategy for this graph

$choice

## What was run

* Command: `$command`
* Commit $commit, profile $profile, $machine; $seconds seconds
* Graph: $graph, $people people, $edges follows
* Trace: $history posts that are there before, then $acts; $mix reads per post; seed $seed
* SHA-256 of graph and trace: $digest

Figures are medians of $repeats repeats, with the lowest and the highest in brackets. Each strategy and repeat ran in a process and a database of its own.
CPU is that of the process that serves and handles events. Of servers beside it (profile stack) the CPU is not in it.
Events are handled as soon as they are recorded: the relay's pause, up to 50 ms, and the way through a broker come on top of freshness.

## Are the pages right

Sampled pages, held against the definition of a feed. One difference fails the run.

$truth

## What a post and a read cost

$figures

![What a first page costs](reads.svg)

![How soon a post is visible](freshness.svg)

![What is stored](storage.svg)

## A post, by followers of its author

$classes

![What a post costs, by followers of its author](posts.svg)

## One post and its reads

CPU milliseconds.

$totals

![One post and its reads](totals.svg)

## Crossover points

In reads per post: below it the first strategy is cheaper, above it the second. The prediction is the arithmetic of Silberstein et al., *Feeding Frenzy* (SIGMOD 2010): an author is pushed to a reader while the rows cost less than pulling the author at each read. Its unit costs are the slopes of the measured lines: CPU of a post by followers, CPU of a read by followees.

$crossovers
""",
    "generated": "generated",
    "choice": (
        "`$strategy`. With $mix reads per post it costs $total CPU ms for a post and its reads, the next best, "
        "`$second`, $second_total. A post costs $post CPU ms against $second_post, a read $read against $second_read."
    ),
    "only_choice": "`$strategy`, because no other strategy was played whose pages were right: $total CPU ms for a post and its reads.",
    "no_choice": "None: **every strategy that was played showed pages that differ from the definition.**",
    "truth_titles": "strategy|pages|differences",
    "class_titles": "followers|strategy|posts|CPU ms|rows|bytes|round trips",
    "crossover_titles": "below|above|measured|predicted",
    "reads_per_post": "reads per post",
    "never": "none",
    "choice_below": "Above $point reads per post it is `$second` that is cheaper.",
    "choice_above": "Below $point reads per post it is `$second` that is cheaper.",
    "choice_always": "There is no mix at which `$second` is cheaper.",
    "kind_delete": "deletes",
    "kind_follow": "follows",
    "kind_post": "posts",
    "kind_read": "reads",
    "kind_unfollow": "unfollows",
    "comma": ", ",
    "space": " ",
    "suffix": "",
    "followers": "followers of the author",
    "cpu_ms": "CPU ms",
    "ms": "ms",
    "rows": "rows",
    "bytes": "bytes",
    "worst": "worst",
    "plot_totals": "One post and its reads",
    "plot_ratios": "The same, as a multiple of the cheapest",
    "plot_post_cpu": "A post: processor time",
    "plot_post_rows": "A post: rows in feeds",
    "plot_read_cpu": "A first page: processor time",
    "plot_read_waits": "A first page: time on the clock",
    "plot_freshness": "From a post until all may see it",
    "plot_storage": "What all feeds take",
    "post_cpu_ms": "post, CPU ms",
    "post_rows": "post, rows",
    "post_round_trips": "post, round trips",
    "read_cpu_ms": "read, CPU ms",
    "read_p50_ms": "read, p50 ms",
    "read_p99_ms": "read, p99 ms",
    "read_round_trips": "read, round trips",
    "fresh_p50_ms": "post until visible, p50 ms",
    "fresh_p99_ms": "post until visible, p99 ms",
    "fresh_worst_ms": "post until visible, worst ms",
    "stored_rows": "stored, rows",
    "stored_bytes": "stored, bytes",
}

CHINESE: Words = {
    "page": """# 信息流实验室

推还是拉？录制一份操作轨迹，让每种策略都通过真实的服务完整回放一遍。[English](report.md)

## 这张关注图该选哪种策略

$choice

## 实验条件

* 命令：`$command`
* 提交 $commit，配置 $profile，$machine；耗时 $seconds 秒
* 关注图：$graph，$people 人，$edges 条关注关系
* 轨迹：先有 $history 条历史帖子，然后是 $acts；每发一帖读 $mix 次；随机种子 $seed
* 关注图与轨迹的 SHA-256：$digest

表中数字是 $repeats 次重复的中位数，括号内为最小值和最大值。每种策略的每次重复都使用独立的进程和独立的数据库。
CPU 指提供服务并处理事件的那个进程；stack 配置下，其他服务器进程的 CPU 不计在内。
事件一经写入便立即处理，因此实际的可见延迟还要加上 relay 的轮询间隔（最多 50 毫秒）和消息队列的传输时间。

## 页面是否正确

抽样页面与信息流的定义逐页比对，只要有一处不同，本次实验即告失败。

$truth

## 发帖与读取的开销

$figures

![读取首页的开销](reads.zh-CN.svg)

![发帖后多久可见](freshness.zh-CN.svg)

![存储占用](storage.zh-CN.svg)

## 按作者粉丝数看发帖开销

$classes

![按作者粉丝数看发帖开销](posts.zh-CN.svg)

## 一次发帖加上对应的读取

单位：CPU 毫秒。

$totals

![一次发帖加上对应的读取](totals.zh-CN.svg)

## 交叉点

以「每发一帖的读取次数」计：低于该值时前一种策略更省，高于该值时后一种更省。预测值采用 Silberstein 等人 *Feeding Frenzy*（SIGMOD 2010）的算法：只要推送的写入开销低于每次读取时拉取的开销，就对这位读者推送。单位成本取自实测直线的斜率：发帖 CPU 随粉丝数的增长，读取 CPU 随关注数的增长。

$crossovers
""",
    "generated": "随机生成",
    "choice": (
        "选 `$strategy`。每发一帖读 $mix 次时，一帖连同读取共需 $total CPU 毫秒，次优的 `$second` 需 $second_total。"
        "发帖 $post 对 $second_post CPU 毫秒，读取 $read 对 $second_read。"
    ),
    "only_choice": "选 `$strategy`：没有其他页面正确的策略参加比较。一帖连同读取共需 $total CPU 毫秒。",
    "no_choice": "无可选：**参加实验的每种策略都出现了与定义不符的页面。**",
    "truth_titles": "策略|页数|差异",
    "class_titles": "粉丝数|策略|帖数|CPU 毫秒|行数|字节|往返次数",
    "crossover_titles": "低于时更省|高于时更省|实测|预测",
    "reads_per_post": "每帖读取次数",
    "never": "无",
    "choice_below": "每帖读取次数高于 $point 时，`$second` 更省。",
    "choice_above": "每帖读取次数低于 $point 时，`$second` 更省。",
    "choice_always": "无论读写比如何，`$second` 都不会更省。",
    "kind_delete": "次删除",
    "kind_follow": "次关注",
    "kind_post": "次发帖",
    "kind_read": "次读取",
    "kind_unfollow": "次取关",
    "comma": "、",
    "space": "",
    "suffix": ".zh-CN",
    "followers": "作者的粉丝数",
    "cpu_ms": "CPU 毫秒",
    "ms": "毫秒",
    "rows": "行",
    "bytes": "字节",
    "worst": "最长",
    "plot_totals": "一次发帖加上对应的读取",
    "plot_ratios": "同上，以最省者为 1 倍",
    "plot_post_cpu": "发一帖：CPU 时间",
    "plot_post_rows": "发一帖：写入的 feed 行数",
    "plot_read_cpu": "读首页：CPU 时间",
    "plot_read_waits": "读首页：实际耗时",
    "plot_freshness": "从发帖到所有粉丝可见",
    "plot_storage": "全部 feed 行占用的空间",
    "post_cpu_ms": "发帖，CPU 毫秒",
    "post_rows": "发帖，行数",
    "post_round_trips": "发帖，往返次数",
    "read_cpu_ms": "读取，CPU 毫秒",
    "read_p50_ms": "读取，p50 毫秒",
    "read_p99_ms": "读取，p99 毫秒",
    "read_round_trips": "读取，往返次数",
    "fresh_p50_ms": "发帖到可见，p50 毫秒",
    "fresh_p99_ms": "发帖到可见，p99 毫秒",
    "fresh_worst_ms": "发帖到可见，最长毫秒",
    "stored_rows": "存储，行数",
    "stored_bytes": "存储，字节",
}

WORDS = {"report.md": ENGLISH, "report.zh-CN.md": CHINESE}
