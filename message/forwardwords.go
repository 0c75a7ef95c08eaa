package message

import "strings"

// FieldLabel tells which field of a quoted head a line of text shows, in the languages of the common clients: "from", "date", "to", "cc",
// "subject", "other", or "" for none.
func FieldLabel(line string) (label, value string) {
	i := strings.IndexAny(line, ":：")
	if i <= 0 || i > 40 {
		return "", ""
	}
	name := strings.ToLower(strings.TrimSpace(line[:i]))
	value = strings.TrimSpace(strings.TrimLeft(line[i:], ":："))
	return fieldLabels(name), value
}

func fieldLabels(name string) string {
	switch name {
	case "from", "von", "de", "da", "van", "från", "fra", "od", "от", "mittente", "expéditeur", "remitente", "lähettäjä", "kimden", "发件人", "寄件者", "差出人", "보낸 사람", "feladó", "de la", "από", "від", "expeditor", "pošiljatelj", "مِن", "من", "מאת", "จาก", "từ", "dari", "отправитель", "보낸사람", "送信者", "odesílatel", "afsender", "avsändare":
		return "from"
	case "sent", "date", "gesendet", "datum", "envoyé", "envoyé le", "enviado", "enviado el", "enviada em", "enviado em", "fecha", "data", "inviato", "verzonden", "skickat", "sendt", "dato", "lähetetty", "päivämäärä", "wysłano", "отправлено", "дата", "gönderildi", "tarih", "发送时间", "日期", "送信日時", "日時", "日付", "보낸 날짜", "odesláno", "elküldve", "dátum", "trimis", "date d'envoi", "надіслано", "дата надсилання", "ημερομηνία", "στάλθηκε", "التاريخ", "تاريخ الإرسال", "תאריך", "נשלח", "วันที่", "ngày", "đã gửi", "tanggal", "dikirim", "poslano", "изпратено", "寄件日期", "傳送時間", "보낸 시간", "날짜", "送信日", "data do envio":
		return "date"
	case "to", "an", "à", "para", "a", "aan", "naar", "till", "til", "do", "кому", "vastaanottaja", "kime", "收件人", "宛先", "받는 사람", "komu", "címzett", "către", "destinataire", "destinatario", "προς", "إلى", "אל", "ถึง", "đến", "kepada", "prima", "до", "收件者", "받는사람", "mottagare", "modtager", "odbiorca", "pre":
		return "to"
	case "cc", "kopie", "copie", "copia", "kopia", "kopi", "копия", "抄送", "kopio", "bilgi", "参照", "dw", "másolat", "κοιν", "نسخة", "עותק", "สำเนา", "副本", "副本抄送", "copie à", "στοιχεία κοινοποίησης", "참조":
		return "cc"
	case "subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "ämne", "emne", "aihe", "temat", "тема", "konu", "主题", "主旨", "件名", "제목", "předmět", "tárgy", "subiect", "re", "θέμα", "предмет", "الموضوع", "נושא", "เรื่อง", "chủ đề", "tiêu đề", "subjek", "perihal", "относно", "predmet", "표제", "objeto":
		return "subject"
	case "reply-to", "importance", "antwort an", "priority", "wichtigkeit", "répondre à", "attachments", "anlagen":
		return "other"
	}
	return ""
}

// forwardSubject tells whether a subject begins with a mark of forwarding.
func forwardSubject(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.ReplaceAll(s, "：", ":")
	for _, p := range [...]string{"fw:", "fwd:", "wg:", "tr:", "rv:", "i:", "enc:", "doorst:", "vs:", "vb:", "fs:", "pd:", "転送:", "转发:", "轉寄:", "iletilen:", "вн:", "перес:", "tov:", "fwd :", "tr :", "[fwd:",
		"пересл:", "прослано:", "пд:", "πρθ:", "προώθ:", "הועבר:", "إعادة توجيه:", "továbbítás:", "ilt:", "prosl:", "전달:", "trans:", "vl:", "fv:", "edt:", "chuyển tiếp:", "ส่งต่อ:"} {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// mayForward is a cheap test that text must pass to say that it is forwarded: the beginning says so.
func mayForward(s string) bool { return forwardPhrase(s[:min(len(s), 8<<10)]) }

// forwardPhrase tells whether text says that a message is forwarded, as clients write it.
func forwardPhrase(s string) bool {
	b := s[:min(len(s), maxForwardText)]
	for _, p := range [...]string{
		"orwarded message", "orwarded Message", "orwarded mail", "orwarded by", "eitergeleitete", "essage réexp", "essage transf", "mensaje reenviado", "ensaje reenviado", "essaggio inoltrato", "essaggio Inoltrato", "oorgestuurd bericht",
		"ensagem encaminhada", "idarebefordra", "ideresendt", "esaj redirec", "esan terusan", "roslije", "rijeposlana",
	} {
		if strings.Contains(b, p) {
			return true
		}
	}
	if strings.IndexFunc(b, func(r rune) bool { return r >= 0x80 }) < 0 {
		return false
	}
	for _, p := range [...]string{
		"ересылаемое сообщение", "ересланное сообщение", "ереадресованно", "ереслане повідомлення", "ересилається", "репратено съобщение", "转发的邮件", "转发邮件", "轉寄的郵件", "轉寄郵件", "转寄", "転送されたメッセージ", "転送メッセージ", "転送メール",
		"전달된 메시지", "전달된 메일", "letilen ileti", "önlendirilen ileti", "önlendirilmiş ileti", "łanięta wiadomość", "rzekazana wiadomość", "rzekazywanej wiadomości", "rzesłana dalej", "řeposlaná zpráva", "reposlaná správa", "älitetty viesti",
		"ovábbított", "ροωθημένο μήνυμα", "ροωθούμενο μήνυμα", "הודעה שהועברה", "הודעה מועברת", "رسالة معاد توجيهها", "الرسالة المعاد توجيهها", "رسالة مُعاد توجيهها", "ข้อความที่ส่งต่อ", "hư chuyển tiếp", "chuyển tiếp",
	} {
		if strings.Contains(b, p) {
			return true
		}
	}
	return false
}
