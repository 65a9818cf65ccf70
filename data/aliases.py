"""The names under which offices keep their columns, in both languages: internal name -> known headers, best first.

Seen in eGova and smart_cityguard tables, 12345 work orders, Open311, the 311 exports of Boston, Chicago, New York,
San Francisco and Toronto, and in plain spreadsheets. Where two headers of a file fit one field the earlier alias wins.
The order of the fields counts too: a header that fits several serves the first.

Left out on purpose: ``updated_datetime`` (Open311) is the last change of a request and not its end; 核实 and 核查 swap
meaning between systems, see `data.headers.CHECKS`.
"""

from data.table import X_HEADER, Y_HEADER

_POINT_X, _POINT_Y = X_HEADER.replace(" ", ""), Y_HEADER.replace(" ", "")

ALIASES = {
    "incident_id": (
        "案卷号 案卷编号 案卷编码 案件编号 案件号 案件编码 任务号 任务编号 工单编号 工单号 工单号码 诉求编号 受理编号 "
        "受理单号 事件编号 事件号 问题编号 隐患编号 上报编号 编号 流水号 case_id caseid case_number incident_id "
        "case_enquiry_id service_request_id service_request_number unique_key sr_number task_num rec_id case_code "
        "case_no case_num ticket_id ticket_number request_id request_number incident_number reference_number id"
    ),
    "reported_at": (
        "上报时间 来电时间 报告时间 发现时间 受理时间 诉求时间 登记时间 创建时间 采集时间 提交时间 接报时间 上报日期 "
        "来电日期 受理日期 发现日期 登记日期 创建日期 发生时间 发生日期 reported_at report_time report_date "
        "requested_datetime open_dt created_date create_time created_at creation_date creation_time date_created "
        "requested_date request_date opened date_opened open_date opened_date reported date_reported reported_date "
        "submitted_at date_time datetime 时间 日期 年份 年度 year"
    ),
    "filed_at": "立案时间 立案日期 建案时间 inst_time accept_time accepted_at filed_at filed 受理时间 受理日期",
    "dispatched_at": (
        "派遣时间 派单时间 转办时间 交办时间 批转时间 分派时间 派发时间 派遣日期 dispatched_at dispatch_time "
        "dispatched assigned_at date_assigned"
    ),
    "handled_at": (
        "处置完成时间 处理完成时间 处置结束时间 处置反馈时间 整改完成时间 完成时间 处置时间 处理时间 反馈时间 "
        "handled_at dispose_end_time handle_finish_time completed_at completion_date date_completed completed_date"
    ),
    "closed_at": (
        "结案时间 办结时间 完结时间 归档时间 关闭时间 结案日期 办结日期 closed_at close_time closed_dt closed_date "
        "close_date closed_datetime archive_time closed date_closed resolved_at resolved_date resolution_date"
    ),
    "voided_at": (
        "作废时间 作废日期 注销时间 撤销时间 不予立案时间 不予受理时间 cancel_time cancelled_at canceled_at voided_at "
        "void_time not_accepted_time"
    ),
    "paused_at": (
        "挂账时间 挂账开始时间 挂起时间 挂起开始时间 暂停时间 暂停开始时间 pause_start_time paused_at hang_time"
    ),
    "resumed_at": (
        "挂账结束时间 解挂时间 挂账恢复时间 挂起结束时间 恢复时间 暂停结束时间 pause_end_time resumed_at unhang_time"
    ),
    "surveyed_at": "勘察评估时间 勘察时间 勘察完成时间 评估时间 评估完成时间 surveyed_at survey_time",
    "designed_at": "方案设计时间 设计时间 设计完成时间 方案完成时间 designed_at design_time",
    "built_at": "施工监管时间 施工完成时间 竣工时间 完工时间 施工时间 built_at construction_time",
    "followed_up_at": "后续排查时间 后续检查时间 后续巡查时间 followed_up_at follow_up_time",
    "target_at": (
        "处置截止时间 截止时间 办理期限 处置期限 办结期限 到期时间 应结案时间 应办结时间 要求完成时间 截止日期 "
        "target_at due_at deadline_time dispose_deadline target_dt expected_datetime due_date target_date deadline "
        "sla_date"
    ),
    "kind": "部件事件 事部件 事件部件 部件事件类型 事部件类型 案件属性 问题属性 案件类别 category_type part_or_event",
    "type_name": (
        "小类名称 问题小类 案件小类 小类 四级分类 三级分类 二级分类 事件类型 问题类型 案件类型 隐患类型 隐患类别 "
        "类型名称 问题分类 诉求分类 诉求类型 事项分类 工单类型 类别 类型 事项名称 sub_type_name sub_type type_name "
        "complaint_type problem service_subtype service_name service_request_type request_type sr_type incident_type "
        "issue_type type category 一级分类 大类名称 大类"
    ),
    "main_type": (
        "大类名称 问题大类 案件大类 大类 一级分类 二级分类 问题类型 案件类型 main_type_name main_type service_name "
        "category 类别"
    ),
    "code": (
        "事件编码 类别编码 类型编码 分类编码 小类编码 小类代码 小类编号 类别代码 编码 代码 event_type_code "
        "sub_type_code small_code service_code sr_short_code type_code code 小类 sub_type"
    ),
    "condition": "立案条件 立案标准 filing_condition condition",
    "main_code": "大类编码 大类代码 大类编号 main_type_code big_code main_code 大类 main_type",
    "part_id": "部件编码 部件编号 部件代码 部件标识码 部件标识 part_code part_id component_id asset_id",
    "description": (
        "问题描述 事件描述 案件描述 隐患描述 诉求内容 工单内容 来电内容 描述 情况描述 问题内容 内容 诉求标题 工单标题 "
        "备注 description event_desc descriptor case_title request_details service_details details comments notes"
    ),
    "address": (
        "地址 位置 地址描述 事发地址 发生地址 诉求地址 详细地址 问题地址 地点 事发地点 发生地点 位置描述 address "
        "incident_address street_address full_address location_address location address_string location_street_name "
        "intersection"
    ),
    "lon": (
        f"{_POINT_X} 经度 东经 lon lng long longitude 经度坐标 横坐标 横坐标y y横坐标 东坐标 x坐标 坐标x x "
        "coordinate_x x_coordinate x_coord coord_x point_x x_97 easting"
    ),
    "lat": (
        f"{_POINT_Y} 纬度 北纬 lat latitude 纬度坐标 纵坐标 纵坐标x x纵坐标 北坐标 y坐标 坐标y y coordinate_y "
        "y_coordinate y_coord coord_y point_y y_97 northing"
    ),
    "district": (
        "区 区县 县区 所属区 所属区县 所在区 行政区 城区 区名称 区县名称 辖区 区域 诉求区域 所属区域 district "
        "district_name district_id borough county ward"
    ),
    "street": (
        "街道 街道名称 街道办 街道办事处 所属街道 所在街道 街镇 镇街 所属镇街 乡镇 乡镇街道 街道乡镇 所属乡镇 街道编码 "
        "street_office subdistrict street_id township street"
    ),
    "community": (
        "社区 社区名称 所属社区 所在社区 居委会 村居 村社区 社区村 村社 社区编码 community community_name community_id "
        "neighborhood neighbourhood community_area"
    ),
    "cell": (
        "单元网格编码 单元网格编号 单元网格 责任网格编码 责任网格编号 责任网格 网格编码 网格编号 网格代码 网格号 "
        "所属网格 所在网格 网格 单元网格名称 责任网格名称 网格名称 cell cell_id cell_code duty_grid grid_id grid_code "
        "grid_no resp_grid_id grid grid_name"
    ),
    "channel": (
        "问题来源 案件来源 工单来源 来源渠道 上报渠道 受理渠道 诉求渠道 来源 渠道 channel source_type event_src_name "
        "event_src_id source open_data_channel_type method_received origin"
    ),
    "unit": (
        "处置部门 处置单位 承办单位 承办部门 责任单位 责任部门 主办单位 主责部门 办理单位 dispose_unit handle_dept "
        "agency_responsible responsible_agency agency_name agency owner_department department division unit queue"
    ),
    "on_spot": (
        "自处置 是否自处置 自行处置 是否自行处置 监督员自处置 现场处置 是否现场处置 即办 即办件 on_spot "
        "patrol_deal_flag"
    ),
    "reworked": "返工次数 返工数 返工 是否返工 rework_num rework_count reworked",
    "paused": "挂账次数 挂账 是否挂账 挂账时长 挂起次数 挂起 hang_num total_paused_seconds paused",
    "postponed": "延期次数 延期 是否延期 延期时长 缓办 缓办次数 postpone_hours postpone_num postponed",
    "satisfaction": (
        "满意度 群众满意度 回访满意度 满意度评价 是否满意 回访结果 satisfaction visit_satisfaction satisfaction_name "
        "satisfaction_score satisfaction_id"
    ),
}
# A postal area serves as the cell only where a file says nothing better about the place.
POSTAL = (
    "zip zip_code zipcode postcode postal_code incident_zip location_zipcode first_3_chars_of_postal_code 邮编 邮政编码"
)
# In an English file "street" is a road, unless it stands beside the other places of a grid office.
BESIDE_STREET = "community community_id cell cell_id duty_grid grid_id grid district"
