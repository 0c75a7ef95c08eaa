package warning

func italian() phrasebook {
	return phrasebook{
		language: "it",
		date: dayMonthYear("%d %s %d", "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
			"novembre", "dicembre"),
		chain: "catena del freddo dei vaccini", other: "catena di fornitura",
		opening: "Dal giorno %s messaggi ostili raggiungono organizzazioni della %s.",
		inName:  "Dal giorno %s messaggi ostili a nome di %s raggiungono organizzazioni della %s.",
		story:   "Pretesto: %s.", carrier: "Mezzo: %s.", aim: "Scopo: %s.",
		size: "Almeno %d organizzazioni in %d paesi sono state colpite.",
		one:  "La vostra organizzazione ha ricevuto uno di questi messaggi, in data %s.",
		reader: map[string]string{
			Targeted:     "La vostra organizzazione ha ricevuto %d di questi messaggi, il primo in data %s.",
			Impersonated: "I messaggi abusano del nome della vostra organizzazione; indicate ai partner quali domini sono vostri.",
			LikelyNext:   "La vostra organizzazione non risulta fra quelle colpite, ma somiglia a esse.",
			Role:         "La vostra organizzazione ha il ruolo e il paese di organizzazioni colpite.",
			Everyone:     "Questo avviso è per chi produce, conserva, trasporta o sdogana beni della catena.",
			Government:   "Questo avviso è per le autorità e i CERT competenti per organizzazioni della catena.",
		},
		act:     "Non aprite l'allegato e non accedete da un messaggio simile. Verificate la richiesta con il mittente a un numero che già conoscete. Cercate nella vostra posta, cambiate le password inserite e segnalate ciò che trovate.",
		pointer: "Dettagli e indicatori sono nel testo completo.",
		themes: map[string]string{"quotation": "richiesta di preventivo", "tender": "gara d'appalto", "order": "ordine", "contract": "contratto", "invoice": "fattura",
			"customs": "pratica doganale", "programme": "programma vaccinale", "meeting": "riunione", "document": "documento condiviso",
			"account": "account di posta", "delivery": "consegna", "charity": "donazione"},
		carriers: map[string]string{"html-attachment": "allegato HTML", "archive": "archivio", "pdf": "file PDF", "office": "documento Office", "link": "link",
			"qr": "codice QR", "message": "messaggio allegato", "text": "solo testo"},
		aims: map[string]string{"credentials": "credenziali", "documents": "documenti", "payment": "denaro", "reply": "una risposta", "run-file": "eseguire un file"},
	}
}

func czech() phrasebook {
	return phrasebook{
		language: "cs",
		date: dayMonthYear("%d. %s %d", "ledna", "února", "března", "dubna", "května", "června", "července", "srpna", "září", "října",
			"listopadu", "prosince"),
		chain: "chladového řetězce vakcín", other: "dodavatelského řetězce",
		opening: "Od %s přicházejí organizacím %s nepřátelské e-maily.",
		inName:  "Od %s přicházejí jménem %s organizacím %s nepřátelské e-maily.",
		story:   "Záminka: %s.", carrier: "Nosič: %s.", aim: "Cíl: %s.",
		size: "Zasažených organizací: nejméně %d, zemí: %d.",
		one:  "Vaše organizace dostala jednu z těchto zpráv, dne %s.",
		reader: map[string]string{
			Targeted:     "Počet těchto zpráv, které dostala vaše organizace: %d, první dne %s.",
			Impersonated: "Zprávy zneužívají jméno vaší organizace; sdělte partnerům, které domény jsou vaše.",
			LikelyNext:   "Vaše organizace nebyla mezi zasaženými, ale podobá se jim.",
			Role:         "Vaše organizace má roli a zemi zasažených organizací.",
			Everyone:     "Toto varování je pro všechny, kdo zboží řetězce vyrábějí, skladují, přepravují nebo odbavují.",
			Government:   "Toto varování je pro úřady a týmy CERT, které odpovídají za organizace řetězce.",
		},
		act:     "Neotvírejte přílohu a z takové zprávy se nikam nepřihlašujte. Ověřte žádost u odesílatele na telefonním čísle, které znáte. Prohledejte svou poštu, změňte zadaná hesla a oznamte, co najdete.",
		pointer: "Podrobnosti a indikátory jsou v plném textu.",
		themes: map[string]string{"quotation": "poptávka", "tender": "veřejná zakázka", "order": "objednávka", "contract": "smlouva", "invoice": "faktura",
			"customs": "celní záležitost", "programme": "očkovací program", "meeting": "schůzka", "document": "sdílený dokument",
			"account": "e-mailový účet", "delivery": "dodávka", "charity": "dar"},
		carriers: map[string]string{"html-attachment": "příloha HTML", "archive": "archiv", "pdf": "soubor PDF", "office": "dokument Office", "link": "odkaz",
			"qr": "QR kód", "message": "připojená zpráva", "text": "prostý text"},
		aims: map[string]string{"credentials": "přihlašovací údaje", "documents": "dokumenty", "payment": "peníze", "reply": "odpověď", "run-file": "spuštění souboru"},
	}
}

func korean() phrasebook {
	return phrasebook{
		language: "ko", date: yearMonthDay("%d년 %d월 %d일"),
		chain: "백신 콜드체인", other: "공급망",
		opening: "%s부터 %s 조직에 악성 메일이 전송되고 있습니다.",
		inName:  "%s부터 %s 명의를 도용한 악성 메일이 %s 조직에 전송되고 있습니다.",
		story:   "구실: %s.", carrier: "전달 수단: %s.", aim: "목적: %s.",
		size: "피해 조직은 최소 %d곳, 국가는 %d개국입니다.",
		one:  "귀 조직은 %s에 이 메일 1건을 받았습니다.",
		reader: map[string]string{
			Targeted:     "귀 조직은 이 메일 %d건을 받았으며, 첫 메일은 %s에 도착했습니다.",
			Impersonated: "이 메일은 귀 조직의 이름을 도용합니다. 협력사에 귀 조직의 진짜 도메인을 알려 주십시오.",
			LikelyNext:   "귀 조직은 피해 조직에 포함되지 않았으나 피해 조직과 유사합니다.",
			Role:         "귀 조직은 피해 조직과 역할 및 국가가 같습니다.",
			Everyone:     "이 경보는 공급망의 물품을 생산, 보관, 운송 또는 통관하는 모든 조직을 위한 것입니다.",
			Government:   "이 경보는 공급망의 조직을 담당하는 당국과 CERT를 위한 것입니다.",
		},
		act:     "이런 메일의 첨부 파일을 열거나 메일에서 로그인하지 마십시오. 이미 알고 있는 전화번호로 발신자에게 요청을 확인하십시오. 메일을 검색하고, 입력한 비밀번호를 재설정하고, 발견한 내용을 신고하십시오.",
		pointer: "자세한 내용과 침해 지표는 전문에 있습니다.",
		themes: map[string]string{"quotation": "견적 요청", "tender": "입찰", "order": "주문", "contract": "계약", "invoice": "청구서", "customs": "통관",
			"programme": "백신 프로그램", "meeting": "회의", "document": "공유 문서", "account": "메일 계정", "delivery": "배송", "charity": "기부"},
		carriers: map[string]string{"html-attachment": "HTML 첨부 파일", "archive": "압축 파일", "pdf": "PDF 파일", "office": "Office 문서", "link": "링크",
			"qr": "QR 코드", "message": "첨부된 메일", "text": "일반 텍스트"},
		aims: map[string]string{"credentials": "로그인 정보", "documents": "문서", "payment": "금전", "reply": "회신", "run-file": "파일 실행"},
	}
}

func chinese() phrasebook {
	return phrasebook{
		language: "zh-Hant", date: yearMonthDay("%d年%d月%d日"),
		chain: "疫苗冷鏈", other: "供應鏈",
		opening: "自%s起，惡意郵件寄達%s的組織。",
		inName:  "自%s起，冒用%s名義的惡意郵件寄達%s的組織。",
		story:   "藉口：%s。", carrier: "載體：%s。", aim: "目的：%s。",
		size: "至少%d個組織受到攻擊，遍及%d個國家或地區。",
		one:  "貴組織於%s收到其中一封郵件。",
		reader: map[string]string{
			Targeted:     "貴組織收到其中%d封郵件，第一封於%s收到。",
			Impersonated: "這些郵件冒用貴組織的名稱；請告知合作夥伴哪些網域屬於貴組織。",
			LikelyNext:   "貴組織未出現在受攻擊的組織中，但與它們相似。",
			Role:         "貴組織的角色和所在地與受攻擊的組織相同。",
			Everyone:     "本警訊適用於生產、儲存、運輸或通關供應鏈貨物的所有組織。",
			Government:   "本警訊適用於主管供應鏈組織的機關與 CERT。",
		},
		act:     "請勿開啟此類郵件的附件，也不要從郵件登入。請以已知的電話號碼向寄件人確認。請搜尋貴組織的郵件，重設已輸入的密碼，並回報發現。",
		pointer: "詳情與指標見全文。",
		themes: map[string]string{"quotation": "報價請求", "tender": "招標", "order": "訂單", "contract": "合約", "invoice": "發票", "customs": "海關事務",
			"programme": "疫苗計畫", "meeting": "會議", "document": "共享文件", "account": "郵件帳號", "delivery": "送貨", "charity": "捐款"},
		carriers: map[string]string{"html-attachment": "HTML 附件", "archive": "壓縮檔", "pdf": "PDF 檔案", "office": "Office 文件", "link": "連結",
			"qr": "QR 碼", "message": "附加的郵件", "text": "純文字"},
		aims: map[string]string{"credentials": "登入憑證", "documents": "文件", "payment": "金錢", "reply": "回覆", "run-file": "執行檔案"},
	}
}
